// SPDX-License-Identifier: GPL-2.0
// What a guest's kernel prints.
#include "console/console.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  const auto whole = console::parse(text);
  console::Parser parser;
  fuzz::in_pieces(text, [&](std::string_view piece) { parser.feed(piece); });
  const auto pieces = parser.finish();
  fuzz::must(whole.begun == pieces.begun && whole.ended == pieces.ended);
  fuzz::must(console::to_json(whole) == console::to_json(pieces));
  return 0;
}
