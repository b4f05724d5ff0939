// SPDX-License-Identifier: GPL-2.0
// What a test prints.
#include "fuzz.h"
#include "ktap/ktap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto tree = ktap::parse(fuzz::text_of(data, size));
  fuzz::must(!ktap::to_json(tree).empty());
  fuzz::must(tree.cases.size() <= size);
  return 0;
}
