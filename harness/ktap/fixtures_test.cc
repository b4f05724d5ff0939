// SPDX-License-Identifier: GPL-2.0
// Every file of testdata/ is what is expected of a stream, an empty line, and the stream: one file per trap.
// PINRIG_UPDATE=1 in the environment writes what was found into the files; read the diff before committing
// it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "ktap/ktap.h"

namespace pinrig::ktap {
namespace {

void render(const std::vector<Case>& cases, int depth, std::string& out) {
  for (const auto& c : cases) {
    out += fmt::format("CASE: {:{}}{} {}{}\n", "", 2 * depth, to_string(c.status), c.name,
                       c.reason.empty() ? "" : " | " + c.reason);
    render(c.subtests, depth + 1, out);
  }
}

std::string rendered(const Tree& tree) {
  std::string out = fmt::format("PLAN: {}{}\n", tree.plan ? std::to_string(*tree.plan) : "none",
                                tree.plan_skip.empty() ? "" : " | " + tree.plan_skip);
  render(tree.cases, 0, out);
  for (const auto& f : tree.findings)
    out += fmt::format("FINDING: {} | {} | {}\n", to_string(f.kind), f.line, f.text);
  return out;
}

std::vector<fs::path> streams() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(PINRIG_TESTDATA)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

class Stream : public testing::TestWithParam<fs::path> {};

TEST_P(Stream, IsReadAsItsHeadSays) {
  const std::string text = read_file(GetParam()).value();
  const std::size_t blank = text.find("\n\n");
  ASSERT_NE(blank, std::string::npos) << "no empty line behind the expectations";
  const std::string stream = text.substr(blank + 2);
  const std::string found = rendered(parse(stream));
  if (std::getenv("PINRIG_UPDATE")) {
    std::ofstream(GetParam(), std::ios::binary) << found << "\n" << stream;
    return;
  }
  EXPECT_EQ(found, text.substr(0, blank + 1));
}

INSTANTIATE_TEST_SUITE_P(Files, Stream, testing::ValuesIn(streams()), [](const auto& stream) {
  std::string name = stream.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace pinrig::ktap
