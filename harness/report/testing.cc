// SPDX-License-Identifier: GPL-2.0
#include "report/testing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace pinrig::report {

using model::Arch;
using model::JobOutcome;
using model::Phase;
using model::Rule;
using model::Verdict;
using store::KernelState;
using store::RunState;

namespace {

constexpr const char* reason = "patch 2 does not unpin single pages";

std::vector<Row> mm_rows(Arch arch) {
  std::vector<Row> rows{test_row("mm/cow", Verdict::pass, 102400)};
  rows.back().result.verdict.wall_s = 21.5;
  const int passes = arch == Arch::x86_64 ? 504 : 480;
  for (int i = 0; i < passes; ++i)
    rows.push_back(case_row("mm/cow", fmt::format("Basic COW after fork() with base page, variant {}", i),
                            Verdict::pass));
  for (int i = 0; i < 4; ++i) {
    rows.push_back(case_row(
        "mm/cow", fmt::format("vmsplice() before fork(), unmap in parent after fork() with hugetlb {}", i),
        Verdict::xfail));
    rows.back().result.verdict.detail = "Leak from parent into child";
  }
  for (int i = 0; i < 270; ++i)
    rows.push_back(case_row("mm/cow", fmt::format("needs swap {}", i), Verdict::skip, "no swap"));
  return rows;
}

std::vector<Row> clean_rows(Arch arch) {
  std::vector<Row> rows{test_row("pins/selfcheck", Verdict::pass, 16),
                        test_row("pins/uncounted", Verdict::pass, 0)};
  rows.push_back(test_row("bio/dio_rw", Verdict::pass, 2342));
  for (const char* name : {"read_1_page", "write_1_page", "read_thp_whole"})
    rows.push_back(case_row("bio/dio_rw", name, Verdict::pass));
  rows.push_back(test_row("bio/dio_fork", Verdict::pass, 6));
  rows.push_back(test_row("rdma/mr_reg", Verdict::pass, 1105));
  rows.push_back(test_row("gup/gup_test_pin_longterm_hugetlb", Verdict::pass, 12288));
  rows.back().result.verdict.numbers = {{"get_us", 1250}, {"put_us", 310.5}};
  auto skipped = test_row("gup/gup_test_dump_pin", Verdict::skip);
  skipped.result.ledger.reset();
  skipped.result.verdict.detail = "the tree has no gup_test";
  rows.push_back(skipped);
  const auto mm = mm_rows(arch);
  rows.insert(rows.end(), mm.begin(), mm.end());
  return rows;
}

Row* find(std::vector<Row>& rows, const std::string& test, const std::string& name = {}) {
  for (auto& r : rows) {
    if (r.verdict().test == test && r.verdict().case_name == name) return &r;
  }
  return nullptr;
}

/// What the series says of its tip.
std::vector<Row> leaking_rows(Arch arch) {
  auto rows = clean_rows(arch);
  auto leak = as_said(test_row("bio/dio_rw", Verdict::leak, 2342, 296), reason);
  leak.result.verdict.detail = "296 pages outstanding";
  *find(rows, "bio/dio_rw") = leak;
  for (const char* name : {"read_1_page", "write_1_page"})
    *find(rows, "bio/dio_rw", name) =
        as_said(case_row("bio/dio_rw", name, Verdict::fail, "acquired 1, released 0"),
                "one page pinned, none unpinned");
  *find(rows, "bio/dio_fork") = as_said(test_row("bio/dio_fork", Verdict::leak, 6, 6), reason);
  return rows;
}

/// Rows of a test whose guest hung before it began.
Row never_began(const std::string& test) {
  auto row = surprising(test_row(test, Verdict::missing), "planned but not started");
  row.result.ledger.reset();
  return row;
}

void end_with(GuestSetup& guest, JobOutcome outcome) {
  guest.attempts.back().outcome = outcome;
  guest.row.outcome = std::move(outcome);
}

void set_run(KernelSetup& k, const std::string& run, const std::string& dir) {
  k.row.run_id = run;
  k.row.dir = dir + "/kernels/" + k.row.id;
  for (auto& g : k.guests) {
    g.row.run_id = run;
    g.row.kernel_id = k.row.id;
    if (g.row.outcome) g.row.dir = dir + "/guests/" + g.row.id;
    for (auto& a : g.attempts) a.dir = g.row.dir + (a.number == 1 ? "" : fmt::format("/guest-{}", a.number));
  }
}

/// As it is written before anything was built.
store::KernelRow planned(const store::KernelRow& k) {
  store::KernelRow p;
  p.run_id = k.run_id;
  p.id = k.id;
  p.point = k.point;
  p.is_tip = k.is_tip;
  p.arch = k.arch;
  p.config = k.config;
  p.unmet = k.unmet;
  p.known = k.known;
  p.lost = k.lost;
  return p;
}

store::GuestRow planned(const store::GuestRow& g) {
  store::GuestRow p;
  p.run_id = g.run_id;
  p.kernel_id = g.kernel_id;
  p.id = g.id;
  p.reason = g.reason;
  p.machine = g.machine;
  p.planned = g.planned;
  return p;
}

void expect_ok(const Result<void>& r) {
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
}

int count_tests(const std::vector<Row>& rows) {
  return static_cast<int>(
      std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.verdict().case_name.empty(); }));
}

}  // namespace

KernelSetup kernel(Arch arch, int point, const std::string& label, std::vector<Row> rows,
                   std::vector<model::KernelEvent> events) {
  KernelSetup k;
  k.row.id = fmt::format("{}-{}", label, model::to_string(arch));
  k.row.point.number = point;
  k.row.point.label = label;
  if (point > 0) {
    k.row.point.subject = fmt::format("block: change {} of how pages are pinned", point);
    k.row.point.patch_id = fmt::format("{:040x}", 0xabc0 + point);
  }
  k.row.point.commit = fmt::format("{:040x}", 0xc0 + point);
  k.row.point.tree = fmt::format("{:040x}", 0x7ee0 + point);
  k.row.point.version = "6.12.117";
  k.row.is_tip = label == "tip";
  k.row.arch = arch;
  k.row.config.fragments = {"base", "pin"};
  k.row.state = KernelState::built;
  k.row.key = fmt::format("0123456789abcde{}", point);
  k.row.cached = point == 0;
  k.row.build_wall_s = 372;
  GuestSetup g;
  g.row.id = k.row.id;
  g.row.machine = "default";
  g.row.planned = count_tests(rows);
  g.row.outcome = JobOutcome{JobOutcome::Kind::completed, Phase::none, ""};
  g.row.accel = "tcg";
  g.row.accel_reason = arch == Arch::x86_64
                           ? "KVM is not usable: opens, but the guest died (KVM internal error)"
                           : "KVM cannot run aarch64 on this host";
  g.row.cpu_model = "max";
  g.row.release = "6.12.117-pinrig";
  g.row.boot_s = 1.31;
  g.row.wall_s = 31.4;
  g.row.capabilities = {{"dio.bdev", "pin"}, {"dio.iomap", "pin"}, {"legacy_skew", "2"}};
  g.rows = std::move(rows);
  g.events = std::move(events);
  g.attempts = {{1, *g.row.outcome, 1.31, 31.4, ""}};
  k.guests.push_back(std::move(g));
  return k;
}

KernelSetup not_built(KernelSetup k, KernelState state, const std::string& failure) {
  k.row.state = state;
  k.row.failure = failure;
  k.row.key.clear();
  k.row.cached = false;
  k.row.build_wall_s = 0;
  for (auto& g : k.guests) g = {planned(g.row), {}};
  return k;
}

KernelSetup with_config(KernelSetup k, const std::string& name) {
  k.row.config.name = name;
  k.row.config.fragments.push_back(name);
  k.row.id += "-" + name;
  k.row.key += name;
  for (auto& g : k.guests) g.row.id = k.row.id;
  return k;
}

GuestSetup further_guest(const KernelSetup& k, int number, std::vector<Row> rows) {
  GuestSetup g = k.guests.front();
  g.row.id = fmt::format("{}.{}", k.row.id, number);
  g.row.planned = count_tests(rows);
  g.rows = std::move(rows);
  g.events.clear();
  return g;
}

Row test_row(const std::string& test, Verdict v, std::int64_t pins, std::int64_t outstanding) {
  Row row;
  auto& r = row.result;
  r.verdict.test = test;
  r.verdict.verdict = v;
  r.verdict.wall_s = 1.25;
  r.ledger.emplace();
  r.ledger->available = true;
  r.ledger->before = {8192, 8190};
  r.ledger->after = {8192 + pins, 8190 + pins - outstanding};
  r.ledger->settled_before = r.ledger->settled_after = true;
  r.ledger->settle_ms = 40;
  r.taint_before = r.taint_after = 0;
  return assessed(row, Rule::fine);
}

Row case_row(const std::string& test, const std::string& name, Verdict v, const std::string& detail) {
  Row row;
  auto& verdict = row.result.verdict;
  verdict.test = test;
  verdict.case_name = name;
  verdict.verdict = v;
  verdict.detail = detail;
  verdict.line = 12;
  return assessed(row, Rule::fine);
}

Row assessed(Row row, Rule rule, const std::string& why, const std::string& reference) {
  row.assessment = model::Assessment{rule, why, reference};
  return row;
}

Row as_said(Row row, const std::string& why) { return assessed(std::move(row), Rule::expectation, why); }

Row surprising(Row row, const std::string& detail) {
  row.result.verdict.detail = detail;
  return assessed(std::move(row), Rule::failure);
}

Fixture::Fixture()
    : dir(std::move(TempDir::create(fs::temp_directory_path(), "report-test")).value()),
      store(std::move(store::Store::open(dir.path() / "results.db")).value()) {
  run.id = "20261121-010203-4f2a";
  run.spec = "default";
  run.base = "debian-6.12";
  run.series = "demo-leak";
  run.started = "2026-11-21T01:02:03Z";
  run.dir = "/state/pinrig/runs/" + run.id;
  run.host = R"({"cpus": 2, "qemu": "7.2.22"})";
}

void Fixture::write(std::vector<KernelSetup> kernels) { write(run, std::move(kernels)); }

void Fixture::write(const store::RunRow& run_row, std::vector<KernelSetup> kernels) {
  std::vector<store::KernelRow> kernel_rows;
  std::vector<store::GuestRow> guest_rows;
  for (auto& k : kernels) {
    set_run(k, run_row.id, run_row.dir);
    kernel_rows.push_back(planned(k.row));
    for (const auto& g : k.guests) guest_rows.push_back(planned(g.row));
  }
  expect_ok(store.begin_run(run_row, kernel_rows, guest_rows));
  for (const auto& k : kernels) {
    expect_ok(store.update_kernel(k.row));
    for (auto g = k.guests.rbegin(); g != k.guests.rend(); ++g) {
      if (g->row.outcome) expect_ok(store.end_guest(g->row, g->attempts, g->rows, g->events));
    }
  }
}

void Fixture::finish(RunState state, int exit_code) {
  expect_ok(store.finish_run(run.id, state, exit_code));
  run = *store.find_run(run.id).value();
  run.finished = "2026-11-21T01:05:15Z";  // the store takes the clock's time
}

void Fixture::caught() {
  std::vector<KernelSetup> kernels;
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    kernels.push_back(kernel(arch, 0, "base", clean_rows(arch)));
    kernels.push_back(kernel(arch, 2, "tip", leaking_rows(arch)));
  }
  write(std::move(kernels));
  finish(RunState::finished, 0);
}

void Fixture::surprises() {
  auto rows = leaking_rows(Arch::x86_64);
  *find(rows, "bio/dio_fork") = surprising(test_row("bio/dio_fork", Verdict::crash, 6, 6),
                                           "the guest died under it: kernel BUG at mm/gup.c:140");
  *find(rows, "rdma/mr_reg") =
      surprising(test_row("rdma/mr_reg", Verdict::fail, 1105, -16), "1 of 5 cases failed");
  for (int i = 0; i < 7; ++i) {
    rows.push_back(surprising(case_row("rdma/mr_reg", fmt::format("half_unmapped_{}", i), Verdict::fail),
                              "EFAULT was wanted, errno is 0 (Success) and the pages stayed pinned until the "
                              "process was gone"));
    rows.back().result.verdict.diagnostics = {"ibv_reg_mr() of 2 pages, the second unmapped",
                                              "mr_reg.c:88: mr == NULL does not hold"};
  }
  auto tip =
      kernel(Arch::x86_64, 2, "tip", rows,
             {{"bug",
               "kernel BUG at mm/gup.c:140!",
               "try_grab_folio",
               812,
               851,
               "bio/dio_fork",
               true,
               1,
               {"kernel BUG at mm/gup.c:140!", "Call Trace:", " try_grab_folio+0x1c/0x90"}},
              {"warning", "WARNING in bio_release_pages", "bio_release_pages", 700, 720, "", false, 3}});
  tip.main().row.capabilities["dio.bdev"] = "get";
  tip.row.notes = {"block/bio.c:1225:7: warning: unused variable 'nr_pages'"};
  auto missed = clean_rows(Arch::aarch64);
  missed[2] = assessed(missed[2], Rule::otherwise, fmt::format("expected leak: {}", reason));
  auto arm = kernel(Arch::aarch64, 2, "tip", missed);
  arm.row.unmet = {
      "kernels/series/demo-leak/series.yaml:12:5: bio/x* is expected to leak at tip on aarch64, but no such "
      "test has a verdict"};
  arm.row.notes = tip.row.notes;
  write({kernel(Arch::x86_64, 0, "base", clean_rows(Arch::x86_64)), tip,
         kernel(Arch::aarch64, 0, "base", clean_rows(Arch::aarch64)), arm});
  finish(RunState::finished, 1);
}

void Fixture::each_point() {
  std::vector<KernelSetup> kernels;
  for (int point = 0; point < 4; ++point) {
    const std::string label = point == 0 ? "base" : point == 3 ? "tip" : std::to_string(point);
    std::vector<Row> rows{test_row("pins/selfcheck", Verdict::pass, 16),
                          test_row("bio/dio_rw", Verdict::pass, 64)};
    if (point >= 2)
      rows[1] = surprising(test_row("bio/dio_rw", Verdict::leak, 64, 64), "64 pages outstanding");
    if (point == 3)
      rows.push_back(test_row("bio/fresh", Verdict::pass, 1));
    else
      rows.push_back(test_row("bio/old", Verdict::pass, 1));
    kernels.push_back(kernel(Arch::x86_64, point, label, rows));
  }
  kernels.back().row.lost = {{"bio/old", "", Verdict::pass, "base-x86_64"}};
  write(std::move(kernels));
  finish(RunState::finished, 1);
}

void Fixture::several_guests() {
  auto k = kernel(Arch::x86_64, 0, "base",
                  {test_row("pins/selfcheck", Verdict::pass, 16), test_row("bio/dio_rw", Verdict::pass, 64),
                   test_row("gup/pin", Verdict::pass, 8)});
  auto second = further_guest(
      k, 2, {test_row("longterm/movable", Verdict::pass, 16), test_row("bio/split", Verdict::pass, 4)});
  second.row.reason = "kernel parameters movablecore=512M";
  second.row.capabilities = {{"lt.file_rw", "refused"}};
  auto third = further_guest(
      k, 3, {surprising(test_row("bio/crash", Verdict::crash), "the kernel died during the test")});
  third.row.reason = "destructive";
  third.attempts.push_back({2, {}, 1.4, 12, ""});
  third.attempts.front().outcome = {JobOutcome::Kind::panicked, Phase::test, "BUG (during bio/crash)"};
  end_with(third, {JobOutcome::Kind::panicked, Phase::test, "Oops (during bio/crash)"});
  k.main().row.capabilities = {{"dio.bdev", "pin"}};
  k.guests.push_back(std::move(second));
  k.guests.push_back(std::move(third));
  write({k});
  finish(RunState::finished, 1);
}

void Fixture::broken() {
  auto hung = kernel(Arch::aarch64, 0, "base", {never_began("pins/selfcheck")});
  end_with(hung.main(), {JobOutcome::Kind::timed_out, Phase::test, "no answer for 50 s"});
  auto build = not_built(kernel(Arch::x86_64, 1, "1"), KernelState::build_failed,
                         "block/bio.c:1225:9: error: expected ';' before '}' token");
  build.row.build_log = "/cache/pinrig/failed/build.log";
  write({kernel(Arch::x86_64, 0, "base", {test_row("pins/selfcheck", Verdict::pass, 16)}), build,
         not_built(kernel(Arch::x86_64, 2, "tip"), KernelState::apply_failed,
                   "patch 2 \"block: forget\" does not apply: block/bio.c: hunk 1 at line 1225"),
         hung});
  finish(RunState::interrupted, 130);
}

void Fixture::known_and_lost() {
  const auto leak = [](int pages) {
    return assessed(test_row("rdma/mr_cow", Verdict::leak, 64, pages), Rule::known_issue,
                    "a write fault during registration leaves pages pinned (commit 0123456789ab)",
                    "mr-cow-leak");
  };
  auto tip = kernel(Arch::x86_64, 2, "tip",
                    {leak(2), test_row("bio/dio_rw", Verdict::pass, 64),
                     case_row("bio/dio_rw", "read_1_page", Verdict::pass),
                     assessed(case_row("bio/dio_rw", "write_1_page", Verdict::skip, "no drive"), Rule::lost,
                              "passes on base-x86_64; no expectation covers the change", "base-x86_64")});
  tip.row.lost = {{"bio/dio_rw", "read_thp", Verdict::pass, "base-x86_64"},
                  {"bio/dio_fork", "", Verdict::pass, "base-x86_64"}};
  tip.row.known = {"known issue mr-cow-leak: 2 pages left by rdma/mr_cow"};
  write({kernel(
             Arch::x86_64, 0, "base",
             {leak(2), test_row("bio/dio_rw", Verdict::pass, 64),
              case_row("bio/dio_rw", "read_1_page", Verdict::pass),
              case_row("bio/dio_rw", "write_1_page", Verdict::pass),
              case_row("bio/dio_rw", "read_thp", Verdict::pass), test_row("bio/dio_fork", Verdict::pass, 6)}),
         tip});
  finish(RunState::finished, 1);
}

void Fixture::two_configs() {
  const auto rows = [](Verdict v, int left) {
    auto row = test_row("bio/dio_rw", v, 64, left);
    return std::vector<Row>{left == 0 ? row : surprising(row, fmt::format("{} pages outstanding", left))};
  };
  const auto base = kernel(Arch::x86_64, 0, "base", rows(Verdict::pass, 0));
  write({base, kernel(Arch::x86_64, 1, "tip", rows(Verdict::pass, 0)), with_config(base, "debug"),
         with_config(kernel(Arch::x86_64, 1, "tip", rows(Verdict::leak, 4)), "debug")});
  finish(RunState::finished, 1);
}

void expect_golden(const std::string& name, const std::string& text) {
  const fs::path file = fs::path(PINRIG_TESTDATA) / name;
  if (std::getenv("PINRIG_UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const auto wanted = read_file(file);
  ASSERT_FALSE(wanted.has_error()) << wanted.error().message;
  EXPECT_EQ(text, wanted.value());
}

}  // namespace pinrig::report
