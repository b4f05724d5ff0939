// SPDX-License-Identifier: GPL-2.0
// What a guest's kernel prints.
#include "console/console.h"
#include "fuzz.h"

namespace {

// The last stamp is looked for in the last 200 lines of each piece (console/parse.cc, remember_last()).
constexpr int few_lines = 200;

std::string comparable(pinrig::console::Log log) {
  if (log.line_count >= few_lines) {
    log.last_stamp_s = 0;
    log.last_line.clear();
  }
  return pinrig::console::to_json(log);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  auto whole = console::parse(text);
  console::Parser parser;
  fuzz::in_pieces(text, [&](std::string_view piece) { parser.feed(piece); });
  auto pieces = parser.finish();
  fuzz::must(whole.begun == pieces.begun && whole.ended == pieces.ended);
  fuzz::must(comparable(std::move(whole)) == comparable(std::move(pieces)));
  return 0;
}
