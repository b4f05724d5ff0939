// SPDX-License-Identifier: GPL-2.0
#include "guest_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "job/raw_files.h"
#include "job/result.h"
#include "job/testing.h"

namespace pinrig::faults {

std::string text_message(const std::string& text) { return wire::encode(wire::Kind::json, 0, text); }

std::string message(const nlohmann::json& json) { return text_message(json.dump()); }

std::string output(const std::string& text, std::uint32_t id) {
  constexpr std::size_t piece = 64 << 10;
  std::string out;
  std::size_t at = 0;
  do {
    out += wire::encode(wire::Kind::out, id, text.substr(at, piece));
    at += piece;
  } while (at < text.size());
  return out;
}

std::string begins(std::uint32_t id, const std::string& name) {
  return message({{"type", "test_begin"}, {"id", id}, {"name", name}});
}

wire::TestEnd good_end(std::uint32_t id) {
  wire::TestEnd e;
  e.id = id;
  e.how = "exited";
  e.before.available = e.before.settled = e.after.available = e.after.settled = true;
  e.before.taint = e.after.taint = 0;
  e.once_armed = true;
  return e;
}

std::string ends(std::uint32_t id) { return message(good_end(id)); }

std::string head() {
  wire::Hello hello;
  hello.counters = true;
  hello.cpus = 2;
  return message(hello) + message(wire::HoldResult{"hold_result", true, "", wire::hold_pages, 0});
}

Read read_guest(const fs::path& dir, const Recorded& guest) {
  Read out;
  const vm::GuestFiles files{dir / "guest"};
  EXPECT_TRUE(make_dirs(files.dir).has_value());
  EXPECT_TRUE(write_file_atomic(files.results(), guest.results).has_value());
  EXPECT_TRUE(write_file_atomic(files.console(), guest.console).has_value());
  out.job.facts.planned = {job::test_spec(the_test)};
  out.job.facts.control_pages = wire::hold_pages;
  out.job.facts.outcome.kind = model::JobOutcome::Kind::completed;
  std::vector<verdict::SentTest> sent{{1, the_test, std::nullopt}};
  if (guest.end_on_control) sent[0].end = guest.control_end;
  const auto log = job::read_console(files.console());
  EXPECT_TRUE(log.has_value());
  EXPECT_TRUE(job::add_guest_results(files, *log, sent, out.job).has_value());
  EXPECT_TRUE(job::save_outputs(out.job.facts.records, files.dir).has_value());
  out.judgement = verdict::judge(out.job.facts);
  for (const auto& v : out.judgement.verdicts) {
    if (v.test != the_test || !v.case_name.empty()) continue;
    out.verdict = v.verdict;
    out.detail = v.detail;
  }
  for (const auto& entry : fs::directory_iterator(dir))
    EXPECT_EQ(entry.path().filename(), "guest") << "written outside of the guest's folder";
  return out;
}

void expect_bounded(const Read& read) {
  constexpr std::size_t most_problems = 101, longest = 600, most_records = 2, most_findings = 12;
  EXPECT_LE(read.job.problems.size(), most_problems);
  for (const auto& p : read.job.problems) {
    EXPECT_LE(p.size(), longest);
    EXPECT_EQ(std::count_if(p.begin(), p.end(), [](unsigned char c) { return c < 0x20; }), 0) << p;
  }
  EXPECT_LE(read.job.facts.records.size(), most_records);
  for (const auto& r : read.job.facts.records) {
    EXPECT_LE(r.findings.size(), most_findings);
    EXPECT_LE(r.output.size(), verdict::max_stream);
  }
  EXPECT_LE(read.detail.size(), std::size_t{8} << 10);
}

}  // namespace pinrig::faults
