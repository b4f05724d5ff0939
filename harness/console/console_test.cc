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
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/text.h"
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

/// What the heads of the fixtures say: kind -> architectures of files with such an event ("x86", "arm64",
/// "any").
std::map<std::string, std::set<std::string>> kinds_of_fixtures() {
  std::map<std::string, std::set<std::string>> out;
  for (const auto& file : fixtures()) {
    const std::string name = file.filename().string();
    const std::string arch = name.starts_with("x86-") ? "x86" : name.starts_with("arm64-") ? "arm64" : "any";
    const std::string text = read_file(file).value();
    for (const std::string_view line : lines(text)) {
      if (line.empty()) break;
      constexpr std::string_view event = "EVENT: ";
      if (line.starts_with(event)) out[std::string(line.substr(7, line.find(" | ") - 7))].insert(arch);
    }
  }
  return out;
}

// Reports whose text or trace depends on the architecture have a fixture of each; the others have one.
TEST(Fixtures, HaveEveryKindOnTheArchitecturesWhereItDiffers) {
  const std::set<std::string> both{"panic",     "oops",        "bug",          "kasan",     "kfence",
                                   "race",      "bad_page",    "slab",         "refcount",  "warning",
                                   "lockdep",   "ubsan",       "atomic_sleep", "lock",      "preemptible",
                                   "hung_task", "soft_lockup", "hard_lockup",  "rcu_stall", "irq",
                                   "oom",       "memory_leak", "hardware"};
  const std::set<std::string> any{"rss_counter", "reference", "page_dump", "reboot", "events_lost"};
  const auto found = kinds_of_fixtures();
  for (const auto& kind : both) {
    EXPECT_TRUE(found.contains(kind) && found.at(kind).contains("x86") && found.at(kind).contains("arm64"))
        << kind;
  }
  for (const auto& kind : any) EXPECT_TRUE(found.contains(kind)) << kind;
  for (const auto& kind : model::event_kinds())
    EXPECT_TRUE(both.contains(kind) || any.contains(kind)) << kind;
  EXPECT_EQ(both.size() + any.size(), model::event_kinds().size());
  for (const auto& [kind, archs] : found)
    EXPECT_TRUE(both.contains(kind) || any.contains(kind)) << kind << " is in no list";
}

}  // namespace
}  // namespace pinrig::console
