// SPDX-License-Identifier: GPL-2.0
// results.raw as records, with and without the list of what was sent.
#include "fuzz.h"
#include "verdict/judge.h"
#include "verdict/results.h"

namespace {

pinrig::verdict::Results read(std::string_view raw, const std::vector<pinrig::verdict::SentTest>* sent) {
  pinrig::verdict::ResultsReader reader(sent);
  pinrig::fuzz::in_pieces(raw, [&](std::string_view piece) { reader.feed(piece); });
  return reader.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const std::vector<verdict::SentTest> sent{{1, "a/a", std::nullopt}};
  const auto raw = fuzz::text_of(data, size);
  static_cast<void>(read(raw, nullptr));
  auto results = read(raw, &sent);
  fuzz::must(results.problems.size() <= 101 && results.records.size() <= 1);
  verdict::JobFacts facts;
  facts.planned.emplace_back();
  facts.planned.back().name = "a/a";
  facts.records = std::move(results.records);
  facts.outcome.kind = model::JobOutcome::Kind::completed;
  facts.control_pages = 16;
  if (results.hold) facts.control = *results.hold;
  facts.control_ran = results.hold.has_value();
  facts.counters = true;
  // The control port brought no end, and the console no mark.
  for (const auto& v : verdict::judge(facts).verdicts)
    fuzz::must(v.test != "a/a" || !v.case_name.empty() || v.verdict != model::Verdict::pass);
  return 0;
}
