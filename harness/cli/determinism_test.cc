// SPDX-License-Identifier: GPL-2.0
// The same tree state gives the same plan, keys and reports, whichever process makes them: two children of
// this test with other folders, other environments and other addresses do it, and their bytes are compared.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kbuild/artifact.h"
#include "kbuild/configure.h"
#include "kbuild/recipe.h"
#include "plan/plan.h"
#include "process/process.h"
#include "report/formats.h"
#include "run/leftovers.h"
#include "run/record.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

struct Silent : job::Observer {
  void on(const job::Event&) override {}
};

run::Sources sources() {
  run::Sources s;
  s.base.commit = "c0";
  s.base.tree = "7ee0";
  s.base.version = "6.12.117";
  for (int n = 1; n <= 2; ++n) {
    const std::string number = std::to_string(n);
    s.series.subjects.push_back("patch " + number);
    s.series.patches.push_back({.number = n,
                                .subject = "patch " + number,
                                .author = "",
                                .commit = "c" + number,
                                .tree = "7ee" + number});
  }
  return s;
}

/// Every test leaves pins, counters and numbers; some fail.
job::GuestResult result_of(const model::Guest& guest) {
  job::GuestResult r;
  r.guest.hello.release = "6.12.117-pinrig";
  r.guest.hello.counters = true;
  r.outcome.kind = model::JobOutcome::Kind::completed;
  r.capabilities = {{"dio.bdev", "pin"}, {"alg", "get"}, {"legacy_skew", "2"}};
  for (const auto& t : guest.tests) {
    model::TestResult one;
    one.verdict.test = t.name;
    one.verdict.verdict = r.results.size() % 5 == 3 ? model::Verdict::leak : model::Verdict::pass;
    one.verdict.numbers = {{"put_us", 3}, {"get_us", 2}};
    one.counters = {{"pgfault", 7}, {"nr_free_pages", -4}};
    one.ledger.emplace();
    one.ledger->available = true;
    r.results.push_back(std::move(one));
  }
  return r;
}

Result<std::string> keys_of(const fs::path& project, const plan::Plan& plan) {
  std::string out;
  for (const auto& k : plan.kernels) {
    PINRIG_TRY(request, kbuild::load_request(project, k.config.fragments, k.arch, k.point.version));
    out += kbuild::artifact_key({.arch = k.arch,
                                 .tree = k.point.tree,
                                 .config = kconfig::to_config_text(request),
                                 .toolchain = "gcc 12",
                                 .sysroot = "s",
                                 .recipe = kbuild::digest(kbuild::recipe_of(k.arch, k.point.version))}) +
           "\n";
  }
  return out;
}

/// run.json without what is of this machine and this process.
std::string run_json_of(const std::string& text) {
  auto j = nlohmann::ordered_json::parse(text);
  for (const char* own : {"command", "environment", "versions"}) j.erase(own);
  return j.dump(2);
}

Result<std::string> reports_of(const store::Store& store, store::RunRow run) {
  run.started = "2026-11-21T01:02:03Z";
  run.finished = "2026-11-21T01:03:03Z";
  std::string out;
  PINRIG_TRY(terminal, report::terminal(store, run, {.verbose = true}));
  out += terminal;
  for (const auto& format : report::formats()) {
    PINRIG_TRY(text, format.finished(store, run, {}));
    out += text;
  }
  return out;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

Result<std::string> everything(const fs::path& place, const std::string& spec) {
  const CancelToken cancel;
  Silent observer;
  const Paths paths{PINRIG_SOURCE_DIR, place / "cache", place / "state"};
  const job::Services services{paths, cancel, observer, 2};
  run::RunOptions options;
  options.spec = spec;
  PINRIG_TRY(inputs, run::load_inputs(paths.project, options));
  const auto from = sources();
  PINRIG_TRY(plan, run::plan_run(inputs, from));
  PINRIG_TRY(keys, keys_of(paths.project, plan));
  std::string out =
      plan::to_text(plan) + keys + run_json_of(run::run_to_json(options, inputs, from, plan, services));
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(record, run::RunRecord::begin(std::move(store), options, inputs, from, plan, services));
  kbuild::Artifact artifact;
  artifact.key = "0123456789abcdef";
  artifact.config = place / "config";
  PINRIG_CHECK(write_file_atomic(artifact.config, "CONFIG_BLOCK=y\n"));
  job::Platform platform;
  for (const auto& k : plan.kernels) {
    PINRIG_CHECK(record.kernel_built(k, artifact));
    for (const auto& g : k.guests) PINRIG_CHECK(record.guest_ended(k, g, platform, result_of(g)));
  }
  PINRIG_CHECK(record.finish(false, inputs));
  PINRIG_TRY(again, run::open_store(paths));
  PINRIG_TRY(run, again.find_run(record.id()));
  PINRIG_TRY(reports, reports_of(again, *run));
  out += reports;
  replace_all(out, record.id(), "RUN");
  replace_all(out, place.string(), "PLACE");
  return out;
}

// What the children do. TMPDIR is their place, and the file `determinism-spec` in it says which run; without
// that file there is nothing to do.
TEST(DeterminismChild, WritesEverything) {
  const fs::path place = fs::temp_directory_path();
  const auto spec = read_file(place / "determinism-spec");
  if (spec.has_error()) return;
  const auto text = everything(place, *spec);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  ASSERT_TRUE(write_file_atomic(place / "made", *text).has_value());
}

class Determinism : public testing::Test {
 protected:
  /// What a child makes of the run `spec` in a folder of its own.
  std::string made(const std::string& folder, const std::string& spec,
                   const std::map<std::string, std::string>& env) {
    const fs::path place = dir_.path() / folder;
    EXPECT_TRUE(make_dirs(place).has_value());
    EXPECT_TRUE(write_file_atomic(place / "determinism-spec", spec).has_value());
    process::Command c;
    c.argv = {fs::read_symlink("/proc/self/exe").string(), "--gtest_filter=DeterminismChild.*"};
    c.env = env;
    c.env["TMPDIR"] = place.string();
    c.cwd = place;
    const auto ended = process::run_ok(c, cancel_);
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
    const auto text = read_file(place / "made");
    return text.has_value() ? *text : "";
  }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "determinism-").value();
  CancelToken cancel_;
};

TEST_F(Determinism, TwoProcessesMakeTheSamePlansKeysAndReports) {
  const std::string one = made("a", "default", {{"MALLOC_PERTURB_", "85"}, {"LC_ALL", "C"}});
  const std::string two = made("another/folder", "default",
                               {{"MALLOC_PERTURB_", "170"},
                                {"LC_ALL", "C.UTF-8"},
                                {"TZ", "Asia/Tokyo"},
                                {"PADDING", std::string(999, 'x')}});
  EXPECT_GT(one.size(), 10000u);
  EXPECT_NE(one.find("bio/dio_rw"), std::string::npos);
  EXPECT_NE(one.find("<testsuites"), std::string::npos);
  if (one == two) return;
  const auto a = lines(one);
  const auto b = lines(two);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] != b[i]) FAIL() << "line " << i + 1 << ": " << a[i] << "\n  and: " << b[i];
  }
  FAIL() << a.size() << " lines and " << b.size();
}

// Otherwise the comparison could not fail.
TEST_F(Determinism, AnotherRunIsAnother) { EXPECT_NE(made("a", "default", {}), made("b", "stress", {})); }

}  // namespace
}  // namespace pinrig::cli
