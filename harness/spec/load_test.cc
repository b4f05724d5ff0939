// SPDX-License-Identifier: GPL-2.0
// What the good files of testdata/project mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::Arch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path project = fs::path(PINRIG_TESTDATA) / "project";

template <typename T>
T good(Result<T> r) {
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
  return std::move(r).value();
}

TEST(LoadRun, DefaultsOfARunThatNamesItsBaseOnly) {
  const auto run = good(load_run(project, "small"));
  EXPECT_EQ(run.name, "small");
  EXPECT_EQ(run.base, "debian-6.12");
  EXPECT_EQ(run.series, "");
  EXPECT_THAT(run.points, ElementsAre("base"));
  EXPECT_THAT(run.archs, ElementsAre(Arch::x86_64, Arch::aarch64));
  ASSERT_EQ(run.configs.size(), 1u);
  EXPECT_EQ(run.configs[0].text(), "base+pin");
  EXPECT_EQ(run.machine, "default");
  EXPECT_THAT(run.suites, ElementsAre("*"));
  EXPECT_EQ(run.accel, model::Accel::automatic);
  EXPECT_TRUE(run.expect.empty());
}

TEST(LoadRun, SeveralConfigurationsHaveNames) {
  const auto run = good(load_run(project, "matrix"));
  ASSERT_EQ(run.configs.size(), 2u);
  EXPECT_EQ(run.configs[0].text(), "plain: base+pin");
  EXPECT_EQ(run.configs[1].name, "bare");
}

TEST(LoadRun, EveryKey) {
  const auto run = good(load_run(project, "full"));
  EXPECT_EQ(run.series, "demo-leak");
  EXPECT_EQ(run.base, "") << "the series names it";
  EXPECT_THAT(run.points, ElementsAre("base", "1", "tip", "each"));
  EXPECT_THAT(run.archs, ElementsAre(Arch::x86_64, Arch::aarch64));
  EXPECT_EQ(run.machine, "slow");
  EXPECT_THAT(run.suites, ElementsAre("pins", "bio/dio_*"));
  EXPECT_EQ(run.accel, model::Accel::tcg);
  EXPECT_EQ(run.selftests_from, "debian-6.12");
  ASSERT_EQ(run.expect.size(), 1u);
  const auto& e = run.expect[0];
  EXPECT_EQ(e.tests, "bio/dio_fork");
  EXPECT_THAT(e.verdicts, ElementsAre(model::Verdict::xfail, model::Verdict::pass));
  EXPECT_THAT(e.points, ElementsAre("base", "2"));
  EXPECT_THAT(e.archs, ElementsAre(Arch::aarch64));
  EXPECT_EQ(e.reason, "a race");
  EXPECT_FALSE(e.required);
  ASSERT_EQ(run.env.size(), 1u);
  EXPECT_EQ(run.env[0].test, "bio/dio_fork");
  EXPECT_EQ(run.env[0].env.at("MODE"), "no") << "YAML 1.1 words stay the text they are";
  EXPECT_EQ(run.env[0].env.at("COUNT"), "08");
  EXPECT_THAT(model::to_string(run.env[0].where), HasSubstr("full.yaml:12:3"));
  EXPECT_THAT(model::to_string(e.where), HasSubstr("full.yaml:14:5"));
}

TEST(LoadRun, ASeriesMakesBaseAndTipTheDefaultPoints) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  const fs::path file = tmp.path() / "mine.yaml";
  std::ofstream(file) << "series: demo-leak\n";
  const auto run = good(load_run(project, file.string()));
  EXPECT_EQ(run.name, "mine");
  EXPECT_THAT(run.points, ElementsAre("base", "tip"));
}

TEST(LoadRun, ASeriesMayBeAPathBesideTheRunFile) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  fs::copy(project / "kernels/series/demo-leak", tmp.path() / "demo-leak");
  std::ofstream(tmp.path() / "mine.yaml") << "series: ./demo-leak\n";
  const auto run = good(load_run(project, (tmp.path() / "mine.yaml").string()));
  EXPECT_EQ(run.series, (tmp.path() / "demo-leak").string());
  EXPECT_EQ(good(load_series(project, run.series)).name, "demo-leak");
}

TEST(LoadRun, AMissingFileNamesTheNearest) {
  const auto r = load_run(project, "ful");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message, HasSubstr("no run 'ful'"));
  EXPECT_THAT(r.error().message, HasSubstr("did you mean 'full'?"));
  EXPECT_EQ(r.error().hint, "available: full, matrix, small");
  EXPECT_EQ(load_run(project, "no/such.yaml").error().kind, ErrorKind::bad_input);
}

TEST(LoadRun, AnEmptyFileIsAnError) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  std::ofstream(tmp.path() / "empty.yaml").flush();
  const auto r = load_run(project, (tmp.path() / "empty.yaml").string());
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr("empty.yaml:1:1: the file is empty"));
}

TEST(LoadMachine, EveryKeyAndTheDefaults) {
  const auto m = good(load_machine(project, "default"));
  EXPECT_EQ(m.name, "default");
  EXPECT_EQ(m.cpus, 2);
  EXPECT_EQ(m.memory_mib, 2048);
  ASSERT_EQ(m.nvme.size(), 3u);
  EXPECT_EQ(m.nvme[0].serial, "raw0");
  EXPECT_EQ(m.nvme[0].nsid, 1);
  EXPECT_EQ(m.nvme[0].size_mib, 128);
  EXPECT_EQ(m.nvme[0].iops, 0);
  EXPECT_EQ(m.nvme[1].nsid, 2);
  EXPECT_EQ(m.nvme[1].iops, 4);
  EXPECT_EQ(m.nvme[2].size_mib, 1024);
  EXPECT_EQ(m.nvme[2].fs, "ext4");
  EXPECT_TRUE(m.net);
  EXPECT_EQ(m.hugepages_2m, 64);
  EXPECT_EQ(m.swap_mib, 256);
  EXPECT_THAT(m.kernel_args, ElementsAre("quiet", "movablecore=1G"));
}

TEST(LoadMachine, ExtendsTakesWhatIsNotSaid) {
  const auto m = good(load_machine(project, "slow"));
  EXPECT_EQ(m.name, "slow");
  EXPECT_EQ(m.cpus, 4);
  EXPECT_EQ(m.memory_mib, 2048);
  EXPECT_EQ(m.nvme.size(), 3u);
  EXPECT_EQ(m.swap_mib, 0);
  EXPECT_FALSE(m.net);
}

TEST(LoadMachine, AnEmptyListTakesAway) {
  const auto m = good(load_machine(project, "bare"));
  EXPECT_TRUE(m.nvme.empty());
  EXPECT_TRUE(m.kernel_args.empty());
  EXPECT_EQ(m.hugepages_2m, 64);
}

TEST(LoadBase, TheThreeSources) {
  using Base = model::KernelBase;
  const auto suite = std::get<Base::Debian>(good(load_base(project, "suite")).source);
  EXPECT_EQ(suite.package, "linux-source-7.3");
  EXPECT_EQ(suite.suite, "trixie-backports");
  EXPECT_EQ(std::get<Base::Debian>(good(load_base(project, "debian-6.12")).source).package,
            "linux-source-6.12");
  const auto git = std::get<Base::Git>(good(load_base(project, "upstream")).source);
  EXPECT_EQ(git.url, "https://git.example.org/linux.git");
  EXPECT_EQ(git.rev, "v6.12");
  EXPECT_EQ(std::get<Base::Git>(good(load_base(project, "local")).source).url,
            (project / "kernels/series").string());
  EXPECT_EQ(std::get<Base::Tarball>(good(load_base(project, "tar")).source).path,
            (project / "kernels/tar.yaml").string());
}

TEST(LoadSeries, ThePatchesCapabilitiesAndExpectations) {
  using model::Series;
  const auto s = good(load_series(project, "demo-leak"));
  EXPECT_EQ(s.name, "demo-leak");
  EXPECT_EQ(s.title, "Forget to unpin");
  EXPECT_EQ(s.base, "debian-6.12");
  EXPECT_EQ(fs::path(std::get<Series::PatchDir>(s.patches).path).filename(), "") << "the folder itself";
  EXPECT_EQ(s.capabilities.at("dio.bdev"), "pin");
  EXPECT_EQ(s.capabilities.at("legacy_skew"), "2");
  ASSERT_EQ(s.expect.size(), 1u);
  EXPECT_THAT(s.expect[0].verdicts, ElementsAre(model::Verdict::leak));
  EXPECT_TRUE(s.expect[0].required);
  const auto boxed = good(load_series(project, "boxed"));
  EXPECT_EQ(std::get<Series::Mbox>(boxed.patches).path, (project / "kernels/series/boxed/all.mbox").string());
  const auto ranged = std::get<Series::GitRange>(good(load_series(project, "ranged")).patches);
  EXPECT_EQ(ranged.repo, "ssh://git.example.org/x.git");
  EXPECT_EQ(ranged.range, "v6.12..topic");
}

TEST(LoadSeries, TheFileItselfMayBeNamed) {
  EXPECT_EQ(good(load_series(project, (project / "kernels/series/boxed/series.yaml").string())).name,
            "boxed");
}

TEST(LoadSeries, ItsNameNeedNotBeThatOfTheFolder) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  std::ofstream(tmp.path() / "series.yaml") << "name: my-series\nbase: debian-6.12\npatches: {dir: .}\n";
  EXPECT_EQ(good(load_series(project, tmp.path().string())).name, "my-series");
}

TEST(LoadSeries, NothingMayChangeWhereSameIsExpectedAloneOrBesideOthers) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  const auto load = [&](const std::string& expect) {
    std::ofstream(tmp.path() / "series.yaml") << "name: s\nbase: debian-6.12\npatches: {dir: .}\n" << expect;
    return good(load_series(project, tmp.path().string()));
  };
  EXPECT_FALSE(load("").same);
  EXPECT_TRUE(load("expect: same\n").same);
  EXPECT_TRUE(load("expect: same\n").expect.empty());
  const auto both = load("expect:\n  - same\n  - {tests: bio/a, verdicts: leak, reason: it does}\n");
  EXPECT_TRUE(both.same);
  EXPECT_EQ(both.expect.size(), 1u);
}

TEST(LoadSeries, FilesDirectoriesAndRangesNeedNoYaml) {
  using model::Series;
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  const std::string at = tmp.path().string();
  fs::create_directories(tmp.path() / "out going");
  fs::create_directories(tmp.path() / "linux");
  for (const char* name : {"v3.mbox", "fix.patch.gz", "noext", "a..b"})
    std::ofstream(tmp.path() / name) << "x";

  const auto mbox = good(load_series(project, at + "/v3.mbox"));
  EXPECT_EQ(mbox.name, "v3");
  EXPECT_EQ(mbox.base, "") << "the run says it";
  EXPECT_EQ(std::get<Series::Mbox>(mbox.patches).path, at + "/v3.mbox");
  EXPECT_EQ(good(load_series(project, at + "/fix.patch.gz")).name, "fix");
  EXPECT_EQ(good(load_series(project, at + "/noext")).name, "noext");
  EXPECT_EQ(good(load_series(project, at + "/a..b")).name, "a..b");
  const auto dir = good(load_series(project, at + "/out going/"));
  EXPECT_EQ(dir.name, "out-going");
  EXPECT_EQ(std::get<Series::PatchDir>(dir.patches).path, at + "/out going/");

  const auto range = good(load_series(project, at + "/linux:v6.12..feature/pins"));
  EXPECT_EQ(range.name, "feature-pins");
  EXPECT_EQ(std::get<Series::GitRange>(range.patches).repo, at + "/linux");
  EXPECT_EQ(std::get<Series::GitRange>(range.patches).range, "v6.12..feature/pins");
  EXPECT_EQ(good(load_series(project, at + "/linux:base..HEAD")).name, "linux");
  const auto url = good(load_series(project, "https://git.example.org/tree.git:v1..HEAD"));
  EXPECT_EQ(url.name, "tree");
  EXPECT_EQ(std::get<Series::GitRange>(url.patches).repo, "https://git.example.org/tree.git");
  EXPECT_EQ(std::get<Series::GitRange>(good(load_series(project, "me@host:x.git:a..b")).patches).repo,
            "me@host:x.git");
}

TEST(LoadSeries, WhatIsThereNotIsSaidInWordsOfTheSeries) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  std::ofstream(tmp.path() / "v3.mbox") << "x";
  const auto error = [](const std::string& word) {
    const auto r = load_series(project, word);
    EXPECT_TRUE(r.has_error()) << word;
    if (r.has_error()) {
      EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
    }
    return r.has_error() ? r.error() : Error{};
  };
  EXPECT_THAT(error((tmp.path() / "v2.mbox").string()).message,
              HasSubstr("no such file or directory; did you mean 'v3.mbox'?"));
  EXPECT_THAT(error("v2.mbox").message, HasSubstr("series 'v2.mbox': no such file"));
  EXPECT_THAT(error("v6.12..topic").hint, HasSubstr(".:v6.12..topic"));
  EXPECT_THAT(error("/no/such/repo:a..b").message, HasSubstr("no directory '/no/such/repo'"));
  EXPECT_THAT(error("ext::sh -c x:a..b").message, HasSubstr("neither a path nor a URL"));
  EXPECT_THAT(error("demo-leek").message, HasSubstr("did you mean 'demo-leak'?"));
}

TEST(LoadSeries, WhatIsAlmostARangeIsToldWhatARangeIs) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  const std::string repo = (tmp.path() / "linux").string();
  fs::create_directories(repo);
  const struct {
    std::string word;
    std::string message;
    std::string hint;
  } cases[] = {
      {repo + ":v6.12..", "the range has no end", repo + ":v6.12..HEAD"},
      {repo + ":..topic", "the range has no start", repo + ":A..topic"},
      {repo + ":v6.12...topic", "selects commits of both sides", repo + ":v6.12..topic"},
      {repo + ":topic", "'topic' is not a range of commits", repo + ":A..topic"},
      {repo + ":", "'' is not a range of commits", repo + ":A..B"},
      {"https://git.example.org/x.git:a...b", "selects commits of both sides", "x.git:a..b"},
      {"~/series", "series '~/series': no such file", "write $HOME"},
      {"~/linux:a..b", "no directory '~/linux'", "write $HOME"},
  };
  for (const auto& c : cases) {
    const auto r = load_series(project, c.word);
    ASSERT_TRUE(r.has_error()) << c.word;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(r.error().message, HasSubstr(c.message)) << c.word;
    EXPECT_THAT(r.error().hint, HasSubstr(c.hint)) << c.word;
  }
  std::ofstream(tmp.path() / "run.yaml") << "series: linux:topic\nbase: debian-6.12\n";
  const auto run = load_run(project, (tmp.path() / "run.yaml").string());
  ASSERT_TRUE(run.has_error());
  EXPECT_THAT(run.error().message, HasSubstr("run.yaml:1:9: series"));
  EXPECT_THAT(run.error().message, HasSubstr("'topic' is not a range of commits"));
}

TEST(LoadRun, ASeriesMayStandOnAnotherBaseAndNeedsNoYaml) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  fs::create_directories(tmp.path() / "linux");
  std::ofstream(tmp.path() / "v3.mbox") << "x";
  const auto load = [&](const std::string& text) {
    std::ofstream(tmp.path() / "run.yaml") << text;
    return good(load_run(project, (tmp.path() / "run.yaml").string()));
  };
  const auto both = load("series: demo-leak\nbase: debian-6.12\n");
  EXPECT_EQ(both.series, "demo-leak");
  EXPECT_EQ(both.base, "debian-6.12");
  EXPECT_THAT(both.points, ElementsAre("base", "tip"));
  EXPECT_EQ(load("series: v3.mbox\nbase: debian-6.12\n").series, (tmp.path() / "v3.mbox").string());
  EXPECT_EQ(load("series: linux:a..b\nbase: debian-6.12\n").series,
            (tmp.path() / "linux").string() + ":a..b");
}

TEST(LoadRun, EachWordOfAListHasItsPlace) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  std::ofstream(tmp.path() / "run.yaml") << "base: debian-6.12\npoints: [base]\nsuites: [bio,\n  pins]\n";
  const auto run = good(load_run(project, (tmp.path() / "run.yaml").string()));
  ASSERT_EQ(run.suites_where.size(), 2u);
  EXPECT_EQ(run.suites_where[0].line, 3);
  EXPECT_EQ(run.suites_where[1].line, 4);
  EXPECT_EQ(run.suites_where[1].column, 3);
  ASSERT_EQ(run.points_where.size(), 1u);
  EXPECT_EQ(run.points_where[0].line, 2);
}

TEST(LoadSuite, EveryKeyAndTheDefaults) {
  const auto s = good(load_all_suites(project)).front();
  EXPECT_EQ(s.name, "bio");
  EXPECT_EQ(s.title, "Direct I/O");
  ASSERT_EQ(s.tests.size(), 4u);
  const auto& t = s.tests[0];
  EXPECT_EQ(t.name, "bio/dio_rw");
  EXPECT_EQ(t.program, "bio/dio_rw");
  EXPECT_THAT(t.args, ElementsAre("-n", "08", "1e3", "no")) << "YAML 1.1 words stay the text they are";
  EXPECT_EQ(t.env.at("MODE"), "yes");
  EXPECT_EQ(t.limit_s, 2.5);
  EXPECT_EQ(t.limit_plus, "MODE");
  EXPECT_THAT(t.needs.nvme, ElementsAre("raw0", "fs0"));
  EXPECT_EQ(t.needs.fs, "ext4");
  EXPECT_EQ(t.needs.fs_mib, 2048);
  EXPECT_EQ(t.needs.hugepages_2m, 8);
  EXPECT_EQ(t.needs.swap_mib, 64);
  EXPECT_TRUE(t.needs.rdma);
  EXPECT_THAT(t.needs.symbols, ElementsAre("BLK_DEV_NVME"));
  EXPECT_EQ(t.claim, model::PinClaim::Mode::exact);
  EXPECT_TRUE(t.destructive);
  EXPECT_EQ(t.what, "pages are pinned and unpinned");
  EXPECT_THAT(t.needs.devices, ElementsAre(model::Device::zoned, model::Device::iommu));
  EXPECT_THAT(t.needs.kernel_args, ElementsAre("movablecore=512M", "iommu=on"));
  EXPECT_EQ(t.needs.memory_mib, 3072);
  EXPECT_EQ(t.needs.cpus, 3);
  EXPECT_EQ(t.needs.numa_nodes, 2);
  EXPECT_THAT(t.needs.tools, ElementsAre("mkfs.xfs"));
  EXPECT_THAT(t.rows, ElementsAre("D1", "D14"));
  EXPECT_EQ(t.proofs.at(0).mutant, "m02-bio-put-refs");
  EXPECT_THAT(t.proofs.at(0).red, ElementsAre("read_*", "write_1_page"));
  EXPECT_EQ(to_string(t.proofs.at(0)), "mutant m02-bio-put-refs");
  EXPECT_EQ(to_string(s.tests[1].proofs.at(0)), "debian-6.12 with PINRIG_CAPABILITIES=dio.bdev=pin");
  ASSERT_EQ(s.tests[1].proofs.size(), 2u);
  EXPECT_EQ(reason_text(s.tests[1].proofs[1]), "leak, pages -16, event Bad page state");
  EXPECT_TRUE(s.tests[2].proofs.empty());
  EXPECT_EQ(s.tests[1].program, "bio/dio_rw");
  EXPECT_EQ(s.tests[1].limit_s, 30);
  EXPECT_EQ(s.tests[1].claim, model::PinClaim::Mode::net_zero);
  EXPECT_EQ(s.tests[2].program, "kernel:cow");
  EXPECT_EQ(s.tests[2].kernel_binary(), "cow");
  EXPECT_EQ(s.tests[3].program, "pins/hold");
  EXPECT_EQ(s.tests[3].format, model::OutputFormat::exit_code);
  EXPECT_EQ(s.tests[3].claim, model::PinClaim::Mode::at_least);
}

TEST(LoadMap, RowsInTheirOrder) {
  const auto map = good(load_map(project));
  ASSERT_EQ(map.size(), 3u);
  EXPECT_EQ(map[0].id, "D1");
  EXPECT_EQ(map[0].what, "raw block device");
  EXPECT_EQ(map[0].not_testable, "");
  EXPECT_EQ(map[2].not_testable, "build time only");
}

TEST(LoadSuite, AllOfThemSortedByName) {
  const auto all = good(load_all_suites(project));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "bio");
  EXPECT_EQ(all[1].name, "contract");
  EXPECT_EQ(all[2].name, "pins");
}

TEST(LoadSuite, ABrokenOneFailsThemAll) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  fs::create_directories(tmp.path() / "guest-tests/a");
  fs::copy(project / "guest-tests/map.yaml", tmp.path() / "guest-tests/map.yaml");
  std::ofstream(tmp.path() / "guest-tests/a/suite.yaml") << "suite: a\n";
  EXPECT_EQ(load_all_suites(tmp.path()).error().kind, ErrorKind::bad_input);
}

TEST(LoadRequirements, EveryKey) {
  const auto all = good(load_all_requirements(project));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "new");
  EXPECT_THAT(all[0].range.bases, ElementsAre("debian-6.12", "up*"));
  EXPECT_EQ(all[0].range.since, "6.5");
  EXPECT_THAT(all[0].without, ElementsAre("TMPFS"));
  EXPECT_EQ(all[0].capabilities.at("legacy_skew"), "2");
  ASSERT_EQ(all[0].skips.size(), 1u);
  EXPECT_EQ(all[0].skips[0].tests, "mm/cow:*swap*");
  EXPECT_EQ(all[0].skips[0].reason, "no swap");
  EXPECT_THAT(all[0].skips[0].without, ElementsAre("SWAP"));
  EXPECT_THAT(all[0].skips[0].range.archs, ElementsAre(Arch::aarch64));
}

TEST(LoadKnownIssues, EveryKey) {
  const auto all = good(load_all_known_issues(project));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "leaky");
  EXPECT_THAT(all[0].tests, ElementsAre("bio/dio_rw:", "bio/dio_fork:one"));
  EXPECT_EQ(all[0].range.until, "6.1");
  EXPECT_THAT(all[0].seen, ElementsAre(model::Verdict::leak, model::Verdict::fail));
  EXPECT_EQ(all[0].reason, "a page leaks");
  EXPECT_EQ(all[0].reference, "block/blk-map.c");
  EXPECT_EQ(all[0].pages, 12);
  EXPECT_TRUE(all[0].sometimes);
  EXPECT_THAT(all[0].without, ElementsAre("SLUB_TINY"));
}

TEST(LoadSplatPolicy, EveryKey) {
  const auto all = good(load_all_splat_rules(project));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "noisy:3");
  EXPECT_TRUE(all[0].allow);
  EXPECT_EQ(all[0].kind, "lockdep");
  EXPECT_EQ(all[0].title, "lockdep: possible circular locking dependency in *");
  EXPECT_EQ(all[0].reason, "a false positive of nested classes");
  EXPECT_EQ(all[0].expires, "2027-03-01");
  EXPECT_THAT(all[0].range.bases, ElementsAre("debian-6.12"));
  EXPECT_EQ(all[0].range.since, "6.1");
  EXPECT_EQ(all[0].range.until, "6.1");
  EXPECT_THAT(all[0].range.archs, ElementsAre(Arch::x86_64));
  EXPECT_EQ(all[1].name, "noisy:11");
  EXPECT_FALSE(all[1].allow);
  EXPECT_EQ(all[1].expires, "");
}

TEST(LoadSplatPolicy, WithoutAFolderThereIsNone) {
  EXPECT_TRUE(good(load_all_splat_rules(fs::path(PINRIG_TESTDATA) / "bad")).empty());
}

/// The files that pinrig ships.
TEST(Project, EveryFileLoads) {
  const fs::path root = PINRIG_SOURCE_DIR;
  const auto each = [&](const fs::path& folder, auto load) {
    int n = 0;
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      const bool is_yaml = entry.path().extension() == ".yaml";
      if (!is_yaml && (folder != "kernels/series" || !fs::exists(entry.path() / "series.yaml"))) continue;
      // A folder's name may have a dot in it, as versions do.
      const auto name = is_yaml ? entry.path().stem() : entry.path().filename();
      const auto r = load(root, name.string());
      EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
      ++n;
    }
    EXPECT_GT(n, 0) << folder;
  };
  each("configs/runs", load_run);
  each("configs/machines", load_machine);
  each("kernels", load_base);
  each("kernels/series", load_series);
  EXPECT_GE(good(load_all_requirements(root)).size(), 2u);
  EXPECT_GE(good(load_all_known_issues(root)).size(), 3u);
  EXPECT_FALSE(load_all_splat_rules(root).has_error());
  EXPECT_GE(good(load_all_suites(root)).size(), 5u);
  EXPECT_GT(good(load_map(root)).size(), 80u);
}

}  // namespace
}  // namespace pinrig::spec
