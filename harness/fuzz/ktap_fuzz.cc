// SPDX-License-Identifier: GPL-2.0
// What a test prints.
#include "fuzz.h"
#include "ktap/ktap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  const auto tree = ktap::parse(text);
  ktap::Reader reader;
  fuzz::in_pieces(text, [&](std::string_view piece) { reader.feed(piece); });
  fuzz::must(ktap::to_json(tree) == ktap::to_json(reader.finish()));
  fuzz::must(tree.cases.size() <= size);
  return 0;
}
