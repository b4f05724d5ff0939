// SPDX-License-Identifier: GPL-2.0
#include "report/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace pinrig::report {

using model::Arch;
using model::JobOutcome;
using model::Verdict;
using store::JobRow;
using store::VerdictRow;

namespace {

constexpr const char* reason = "patch 2 does not unpin single pages";

std::vector<VerdictRow> mm_rows(Arch arch) {
  std::vector<VerdictRow> rows{test_row("mm/cow", Verdict::pass, 102400)};
  rows.back().verdict.wall_s = 21.5;
  const int passes = arch == Arch::x86_64 ? 504 : 480;
  for (int i = 0; i < passes; ++i)
    rows.push_back(case_row("mm/cow", fmt::format("Basic COW after fork() with base page, variant {}", i),
                            Verdict::pass));
  for (int i = 0; i < 4; ++i) {
    rows.push_back(case_row(
        "mm/cow", fmt::format("vmsplice() before fork(), unmap in parent after fork() with hugetlb {}", i),
        Verdict::xfail));
    rows.back().verdict.detail = "Leak from parent into child";
  }
  for (int i = 0; i < 270; ++i)
    rows.push_back(case_row("mm/cow", fmt::format("needs swap {}", i), Verdict::skip, "no swap"));
  return rows;
}

std::vector<VerdictRow> clean_rows(Arch arch) {
  std::vector<VerdictRow> rows{test_row("pins/selfcheck", Verdict::pass, 16),
                               test_row("pins/uncounted", Verdict::pass, 0)};
  rows.push_back(test_row("bio/dio_rw", Verdict::pass, 2342));
  for (const char* name : {"read_1_page", "write_1_page", "read_thp_whole"})
    rows.push_back(case_row("bio/dio_rw", name, Verdict::pass));
  rows.push_back(test_row("bio/dio_fork", Verdict::pass, 6));
  rows.push_back(test_row("rdma/mr_reg", Verdict::pass, 1105));
  rows.push_back(test_row("gup/gup_test_pin_longterm_hugetlb", Verdict::pass, 12288));
  rows.back().verdict.numbers = {{"get_us", 1250}, {"put_us", 310.5}};
  auto skipped = test_row("gup/gup_test_dump_pin", Verdict::skip);
  skipped.ledger.reset();
  skipped.verdict.detail = "the tree has no gup_test";
  rows.push_back(skipped);
  const auto mm = mm_rows(arch);
  rows.insert(rows.end(), mm.begin(), mm.end());
  return rows;
}

VerdictRow* find(std::vector<VerdictRow>& rows, const std::string& test, const std::string& name = {}) {
  for (auto& r : rows) {
    if (r.verdict.test == test && r.verdict.case_name == name) return &r;
  }
  return nullptr;
}

/// What the series says of its tip.
std::vector<VerdictRow> leaking_rows(Arch arch) {
  auto rows = clean_rows(arch);
  auto leak = as_said(test_row("bio/dio_rw", Verdict::leak, 2342, 296), reason);
  leak.verdict.detail = "296 pages outstanding";
  *find(rows, "bio/dio_rw") = leak;
  for (const char* name : {"read_1_page", "write_1_page"})
    *find(rows, "bio/dio_rw", name) =
        as_said(case_row("bio/dio_rw", name, Verdict::fail, "acquired 1, released 0"),
                "one page pinned, none unpinned");
  *find(rows, "bio/dio_fork") = as_said(test_row("bio/dio_fork", Verdict::leak, 6, 6), reason);
  return rows;
}

JobRow failed(JobRow j, JobOutcome::Kind kind, const std::string& phase, const std::string& detail) {
  j.outcome = {kind, phase, detail};
  if (kind == JobOutcome::Kind::build_failed || kind == JobOutcome::Kind::apply_failed) {
    j.accel.clear();
    j.kernel_key.clear();
    j.kernel_release.clear();
    j.capabilities.clear();
    j.accel_reason.clear();
  }
  return j;
}

}  // namespace

JobRow job_row(const std::string& run, Arch arch, int point, const std::string& label) {
  JobRow j;
  j.run_id = run;
  j.cell_id = fmt::format("{}-{}", label, model::to_string(arch));
  j.point = {point, label,
             point == 0 ? "" : fmt::format("block: change number {} of the way pages go", point)};
  j.is_tip = label == "tip";
  j.arch = arch;
  j.config = "base+pin";
  j.machine = "default";
  j.accel = "tcg";
  j.accel_reason = arch == Arch::x86_64
                       ? "KVM does not work here: opens, but the guest died (KVM internal error)"
                       : "KVM cannot run aarch64 on this host";
  j.cpu_model = "max";
  j.kernel_key = "0123456789abcdef";
  j.kernel_release = "6.12.117-pinrig";
  j.outcome.kind = JobOutcome::Kind::completed;
  j.build_wall_s = 372;
  j.build_cached = point == 0;
  j.boot_s = 1.31;
  j.wall_s = 31.4;
  j.dir = fmt::format("/state/pinrig/runs/{}/{}", run, j.cell_id);
  j.capabilities = {{"dio.bdev", "pin"}, {"dio.iomap", "pin"}, {"legacy_skew", "2"}};
  return j;
}

VerdictRow test_row(const std::string& test, Verdict v, std::int64_t pins, std::int64_t outstanding) {
  VerdictRow r;
  r.verdict.test = test;
  r.verdict.verdict = v;
  r.verdict.expected = true;
  r.verdict.wall_s = 1.25;
  r.ledger.emplace();
  r.ledger->available = true;
  r.ledger->before = {8192, 8190};
  r.ledger->after = {8192 + pins, 8190 + pins - outstanding};
  r.ledger->settled_before = r.ledger->settled_after = true;
  r.ledger->settle_ms = 40;
  r.taint_before = r.taint_after = 0;
  return r;
}

VerdictRow case_row(const std::string& test, const std::string& name, Verdict v, const std::string& detail) {
  VerdictRow r;
  r.verdict.test = test;
  r.verdict.case_name = name;
  r.verdict.verdict = v;
  r.verdict.detail = detail;
  r.verdict.expected = true;
  r.verdict.line = 12;
  return r;
}

VerdictRow as_said(VerdictRow row, const std::string& why) {
  row.verdict.expectation = why;
  return row;
}

VerdictRow surprising(VerdictRow row, const std::string& detail) {
  row.verdict.expected = false;
  row.verdict.detail = detail;
  return row;
}

Fixture::Fixture()
    : dir(std::move(TempDir::create(fs::temp_directory_path(), "report-test")).value()),
      store(std::move(store::Store::open(dir.path() / "results.db")).value()) {
  run.id = "20261121-010203-4f2a";
  run.spec = "default";
  run.base = "debian-6.12";
  run.series = "demo-leak";
  run.started = "2026-11-21T01:02:03Z";
  run.state = "running";
  run.dir = "/state/pinrig/runs/" + run.id;
  run.host = R"({"cpus": 2, "qemu": "7.2.22"})";
  EXPECT_TRUE(store.begin_run(run).has_value());
}

void Fixture::add(const JobRow& job, const std::vector<VerdictRow>& rows,
                  const std::vector<model::KernelEvent>& events) {
  const auto r = store.add_job(job, rows, events);
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
}

void Fixture::finish(const std::string& state, int exit_code) {
  EXPECT_TRUE(store.finish_run(run.id, state, exit_code).has_value());
  run = *store.find_run(run.id).value();
  run.finished = "2026-11-21T01:05:15Z";  // the store takes the clock's time
}

void Fixture::caught() {
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    add(job_row(run.id, arch, 0, "base"), clean_rows(arch));
    add(job_row(run.id, arch, 2, "tip"), leaking_rows(arch));
  }
  finish("finished", 0);
}

void Fixture::surprises() {
  add(job_row(run.id, Arch::x86_64, 0, "base"), clean_rows(Arch::x86_64));
  auto rows = leaking_rows(Arch::x86_64);
  *find(rows, "bio/dio_fork") = surprising(test_row("bio/dio_fork", Verdict::crash, 6, 6),
                                           "the guest died under it: kernel BUG at mm/gup.c:140");
  *find(rows, "rdma/mr_reg") =
      surprising(test_row("rdma/mr_reg", Verdict::fail, 1105, -16), "1 of 5 cases failed");
  for (int i = 0; i < 7; ++i) {
    rows.push_back(surprising(
        case_row("rdma/mr_reg", fmt::format("half_unmapped_{}", i), Verdict::fail),
        "EFAULT was wanted, errno is 0 (Success) and the pages stayed pinned until the process was gone"));
  }
  auto tip = job_row(run.id, Arch::x86_64, 2, "tip");
  tip.capabilities["dio.bdev"] = "get";
  tip.notes = {"block/bio.c:1225:7: warning: unused variable 'nr_pages'"};
  add(tip, rows,
      {{"bug", "kernel BUG at mm/gup.c:140!", "try_grab_folio", 812, 851, "bio/dio_fork", true},
       {"warning", "WARNING in bio_release_pages", "bio_release_pages", 700, 720, "", false}});
  add(job_row(run.id, Arch::aarch64, 0, "base"), clean_rows(Arch::aarch64));
  auto missed = clean_rows(Arch::aarch64);
  missed[2] = surprising(missed[2], "");
  missed[2].verdict.expectation = reason;
  auto arm = job_row(run.id, Arch::aarch64, 2, "tip");
  arm.unmet = {
      "kernels/series/demo-leak/series.yaml:12:5: bio/x* was to be leak at tip on aarch64, but no such test "
      "was judged"};
  arm.notes = tip.notes;
  add(arm, missed);
  finish("finished", 1);
}

void Fixture::each_point() {
  for (int point = 0; point < 4; ++point) {
    const std::string label = point == 0 ? "base" : point == 3 ? "tip" : std::to_string(point);
    std::vector<VerdictRow> rows{test_row("pins/selfcheck", Verdict::pass, 16),
                                 test_row("bio/dio_rw", Verdict::pass, 64)};
    if (point >= 2)
      rows[1] = surprising(test_row("bio/dio_rw", Verdict::leak, 64, 64), "64 pages outstanding");
    if (point == 3)
      rows.push_back(test_row("bio/fresh", Verdict::pass, 1));
    else
      rows.push_back(test_row("bio/old", Verdict::pass, 1));
    add(job_row(run.id, Arch::x86_64, point, label), rows);
  }
  finish("finished", 1);
}

void Fixture::several_guests() {
  auto main = job_row(run.id, Arch::x86_64, 0, "base");
  main.capabilities = {{"dio.bdev", "pin"}};
  auto second = main;
  second.cell_id = main.cell_id + ".2";
  second.dir = main.dir + ".2";
  second.machine = "default (boot parameters movablecore=512M)";
  second.capabilities = {{"lt.file_rw", "refused"}};
  auto third = failed(second, JobOutcome::Kind::panicked, "test", "Oops (during bio/crash)");
  third.cell_id = main.cell_id + ".3";
  third.dir = main.dir + ".3";
  // As they end: the second first.
  add(second, {test_row("longterm/movable", Verdict::pass, 16), test_row("bio/split", Verdict::pass, 4)});
  add(third, {surprising(test_row("bio/crash", Verdict::crash), "the kernel died under the test")});
  add(main, {test_row("pins/selfcheck", Verdict::pass, 16), test_row("bio/dio_rw", Verdict::pass, 64),
             test_row("gup/pin", Verdict::pass, 8)});
  finish("finished", 1);
}

void Fixture::broken() {
  using Kind = JobOutcome::Kind;
  add(job_row(run.id, Arch::x86_64, 0, "base"), {test_row("pins/selfcheck", Verdict::pass, 16)});
  add(failed(job_row(run.id, Arch::x86_64, 1, "1"), Kind::build_failed, "",
             "block/bio.c:1225:9: error: expected ';' before '}' token; log: /cache/pinrig/log"),
      {});
  add(failed(job_row(run.id, Arch::x86_64, 2, "tip"), Kind::apply_failed, "",
             "patch 2 \"block: forget\": block/bio.c, hunk 1 at line 1225"),
      {});
  auto hung =
      failed(job_row(run.id, Arch::aarch64, 0, "base"), Kind::timed_out, "test", "no answer for 50 s");
  auto missing = surprising(test_row("pins/selfcheck", Verdict::missing), "planned, and it never began");
  missing.ledger.reset();
  add(hung, {missing});
  finish("interrupted", 130);
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
