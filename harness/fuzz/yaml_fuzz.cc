// SPDX-License-Identifier: GPL-2.0
// YAML files of a user.
#include "fuzz.h"
#include "spec/yaml_tree.h"

namespace {

std::size_t nodes(const pinrig::spec::Node& node) {
  std::size_t count = 1;
  for (const auto& key : node.keys) count += nodes(key);
  for (const auto& item : node.items) count += nodes(item);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto tree = spec::parse_tree("fuzz.yaml", std::string(fuzz::text_of(data, size)), 1);
  if (tree.has_error()) {
    fuzz::must(tree.error().kind == ErrorKind::bad_input && tree.error().message.starts_with("fuzz.yaml:"));
  } else {
    fuzz::must(nodes(*tree) <= 4 * size + 4);
  }
  return 0;
}
