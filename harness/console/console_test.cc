// SPDX-License-Identifier: GPL-2.0
// Every file of testdata/ is what is expected of a log, an empty line, and the log: one file per trap.
// PINRIG_UPDATE=1 in the environment writes what was found into the files; read the diff before committing
// it.
#include "console/console.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "console/markers.h"
#include "console/message.h"

namespace pinrig::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string rendered(const Log& log) {
  std::string out;
  for (const auto& e : log.events) {
    out += fmt::format("EVENT: {} | {} | {} | {}-{} | {}{}\n", e.kind, e.title, e.function, e.first_line,
                       e.last_line, e.owner.empty() ? "-" : e.owner, e.fatal ? " | fatal" : "");
  }
  out += fmt::format("STATE:{}{}{}\n", log.booted ? " booted" : "", log.panicked ? " panicked" : "",
                     log.powered_off ? " powered_off" : "");
  out += fmt::format("LAST: {:.6f} {}\n", log.last_stamp_s, log.last_line);
  return out;
}

std::vector<fs::path> fixtures() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(PINRIG_TESTDATA)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

class Fixture : public testing::TestWithParam<fs::path> {};

TEST_P(Fixture, IsReadAsItsHeadSays) {
  const std::string text = read_file(GetParam()).value();
  const std::size_t blank = text.find("\n\n");
  ASSERT_NE(blank, std::string::npos) << "no empty line behind the expectations";
  const std::string expected = text.substr(0, blank + 1);
  const std::string log = text.substr(blank + 2);
  const std::string found = rendered(parse(log));
  if (std::getenv("PINRIG_UPDATE")) {
    std::ofstream(GetParam(), std::ios::binary) << found << "\n" << log;
    return;
  }
  EXPECT_EQ(found, expected);
  // Fed byte by byte and in odd pieces it is the same log.
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{61}}) {
    Parser parser;
    for (std::size_t at = 0; at < log.size(); at += size) parser.feed(std::string_view(log).substr(at, size));
    const Log pieces = parser.finish();
    EXPECT_EQ(rendered(pieces), expected) << "in pieces of " << size;
    EXPECT_EQ(pieces.line_count, parse(log).line_count);
  }
}

INSTANTIATE_TEST_SUITE_P(Logs, Fixture, testing::ValuesIn(fixtures()), [](const auto& fixture) {
  std::string name = fixture.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace pinrig::console
