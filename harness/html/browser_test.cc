// SPDX-License-Identifier: GPL-2.0
// Pages in a real browser: Debian's chromium, headless, over file://. Skipped where it is not installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "html/html.h"
#include "process/process.h"
#include "report/testing.h"
#include "report/testing_hostile.h"

namespace pinrig::html {
namespace {

using report::Fixture;
using ::testing::IsEmpty;
using ::testing::Not;

std::string testdata(const char* name) {
  return read_file(fs::path(PINRIG_SOURCE_DIR) / "harness/html/testdata" / name).value();
}

/// What the browser prints when it opens `file`: the document after its scripts ran, and its own messages.
Result<process::Finished> open_in_browser(const fs::path& file, const fs::path& profile,
                                          const std::vector<std::string>& more) {
  static const CancelToken never;
  process::Command command{.argv = {"chromium", "--headless", "--no-sandbox", "--disable-gpu",
                                    "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr",
                                    "--user-data-dir=" + profile.string(), "--virtual-time-budget=20000"}};
  command.argv.insert(command.argv.end(), more.begin(), more.end());
  command.argv.push_back("file://" + file.string());
  command.deadline = Deadline::after(std::chrono::seconds(240));
  return process::run(command, never);
}

std::string unescaped(std::string text) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"&quot;", "\""}, {"&lt;", "<"}, {"&gt;", ">"}, {"&#39;", "'"}, {"&nbsp;", " "}, {"&amp;", "&"}}) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }
  return text;
}

class Browser : public testing::Test {
 protected:
  void SetUp() override {
    static const CancelToken never;
    const auto version = process::run({.argv = {"chromium", "--version"}}, never);
    if (version.has_error()) GTEST_SKIP() << "chromium is not installed (apt-get install chromium)";
  }

  /// The page of a run with driver.js in it; what that reported.
  nlohmann::json driven(const Fixture& f, const std::vector<std::string>& more = {}) {
    std::string text = run_page(f.store, f.run).value().text;
    const std::string scripts =
        "<script>" + testdata("axe.min.js") + "</script>\n<script>" + testdata("driver.js") + "</script>\n";
    text.insert(text.rfind("</body>"), scripts);
    const fs::path file = dir_.path() / "page.html";
    EXPECT_FALSE(write_file_atomic(file, text).has_error());
    auto arguments = more;
    arguments.emplace_back("--dump-dom");
    const auto ran = open_in_browser(file, dir_.path() / "profile", arguments);
    EXPECT_TRUE(ran.has_value() && process::succeeded(ran->status))
        << (ran.has_value() ? ran->err : ran.error().message);
    if (ran.has_error()) return nullptr;
    for (const auto line : lines(ran->err)) EXPECT_EQ(line.find("CONSOLE"), std::string_view::npos) << line;
    const std::string begin = "data-report=\"";
    const auto at = ran->out.find(begin);
    EXPECT_NE(at, std::string::npos) << "driver.js did not finish";
    if (at == std::string::npos) return nullptr;
    const auto end = ran->out.find('"', at + begin.size());
    return nlohmann::json::parse(unescaped(ran->out.substr(at + begin.size(), end - at - begin.size())));
  }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "browser-test").value();
};

TEST_F(Browser, FilterAndKeysWork) {
  Fixture f;
  f.surprises();
  const auto r = driven(f);
  ASSERT_TRUE(r.is_object());
  EXPECT_THAT(r["errors"], IsEmpty());
  EXPECT_GE(r["all"], 3);
  EXPECT_EQ(r["focused"], "q");
  EXPECT_EQ(r["filtered"], 1);
  EXPECT_EQ(r["hash"], "#q=dio_fork");
  EXPECT_NE(r["first"], r["second"]);
  EXPECT_EQ(r["first"], r["back"]);
}

TEST_F(Browser, NothingIsInaccessible) {
  for (void (Fixture::*fill)() : {&Fixture::surprises, &Fixture::each_point, &Fixture::broken}) {
    Fixture f;
    (f.*fill)();
    const auto r = driven(f);
    ASSERT_TRUE(r.is_object());
    EXPECT_THAT(r["violations"], IsEmpty());
    EXPECT_GT(r["passes"], 10) << "axe looked at it";
  }
}

TEST_F(Browser, HostileTextStaysText) {
  Fixture f;
  report::write_hostile(f);
  const auto r = driven(f);
  ASSERT_TRUE(r.is_object());
  EXPECT_THAT(r["errors"], IsEmpty());
}

TEST_F(Browser, APhoneNeedsNoSidewaysScrolling) {
  Fixture f;
  f.surprises();
  const auto r = driven(f, {"--window-size=390,844"});
  ASSERT_TRUE(r.is_object());
  EXPECT_LE(r["wide"], 0);
}

// The checks above see what is wrong.
TEST_F(Browser, AxeFindsWhatIsInaccessible) {
  const fs::path file = dir_.path() / "bad.html";
  ASSERT_FALSE(
      write_file_atomic(
          file, "<!DOCTYPE html><html><body><p style=\"color:#ccc\">grey</p><form id=q></form><script>" +
                    testdata("axe.min.js") + "</script><script>" + testdata("driver.js") +
                    "</script></body></html>")
          .has_error());
  const auto ran = open_in_browser(file, dir_.path() / "profile", {"--dump-dom"});
  ASSERT_TRUE(ran.has_value());
  EXPECT_THAT(ran->out, testing::HasSubstr("color-contrast"));
}

}  // namespace
}  // namespace pinrig::html
