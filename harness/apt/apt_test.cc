// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apt/apt_command.h"
#include "apt/source_package.h"

namespace pinrig::apt {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kTargets =
    "Debian\tDebian\thttp://deb.debian.org/debian\n"
    "Debian\tDebian\thttp://deb.debian.org/debian/\n"
    "Debian\tDebian-Security\thttp://deb.debian.org/debian-security\n"
    "Docker\tDocker CE\thttps://download.docker.com/linux/debian\n"
    "nonsense\n";

TEST(Mirrors, AreThoseOfDebianForTheKindOfSuite) {
  EXPECT_THAT(mirrors(kTargets, "trixie-backports"), ElementsAre("http://deb.debian.org/debian"));
  EXPECT_THAT(mirrors(kTargets, "bullseye-security"), ElementsAre("http://deb.debian.org/debian-security"));
  EXPECT_THAT(mirrors("Ubuntu\tUbuntu\thttp://archive.ubuntu.com/ubuntu\n", "trixie"), IsEmpty());
  EXPECT_THAT(old_mirror("bullseye-security"), HasSubstr("archive.debian.org/debian-security"));
}

TEST(Argv, KeepsTheMachinesAptStateAlone) {
  const Archive archive{"http://m/debian", "trixie-backports", ""};
  const auto argv = private_argv("apt-get", "/c/d", archive, {"download", "linux-source-7.3"});
  EXPECT_EQ(argv[0], "apt-get");
  for (const char* setting :
       {"Dir::State=/c/d/state", "Dir::State::status=/c/d/status", "Dir::Cache=/c/d/cache",
        "Dir::Etc::sourcelist=/c/d/sources.list", "Dir::Etc::sourceparts=-", "Dir::Etc::preferencesparts=-"})
    EXPECT_THAT(argv, Contains(setting));
  EXPECT_EQ(argv.back(), "linux-source-7.3");
  EXPECT_THAT(argv, Not(Contains("Acquire::Check-Valid-Until=false")));
  EXPECT_THAT(private_argv("apt-get", "/c/d", {"http://m", "bullseye", "", true}, {"update"}),
              Contains("Acquire::Check-Valid-Until=false"));
  // A hook of the machine would act on the machine's own apt.
  EXPECT_THAT(settings(), HasSubstr("#clear APT::Update::Post-Invoke;"));
  EXPECT_THAT(settings(), HasSubstr("Acquire::AllowInsecureRepositories \"false\";"));
}

TEST(Argv, SourcesLineNamesTheKeyring) {
  EXPECT_EQ(sources_line({"http://m/debian", "bullseye", ""}), "deb http://m/debian bullseye main\n");
  EXPECT_EQ(sources_line({"http://m/debian", "bullseye", "/k.gpg"}),
            "deb [signed-by=/k.gpg] http://m/debian bullseye main\n");
}

TEST(Uri, HasFileVersionAndSize) {
  const auto d = parse_uri(
      "'http://deb.debian.org/debian/pool/main/l/linux/linux-source-7.3_7.3.4-1%7ebpo13+1_all.deb' "
      "linux-source-7.3_7.3.4-1%7ebpo13+1_all.deb 166780612 SHA256:ab12\n");
  ASSERT_TRUE(d.has_value());
  EXPECT_EQ(d->file, "linux-source-7.3_7.3.4-1%7ebpo13+1_all.deb");
  EXPECT_EQ(d->version, "7.3.4-1~bpo13+1");
  EXPECT_EQ(d->bytes, 166780612u);
  EXPECT_FALSE(parse_uri("E: Unable to locate package linux-source-7.9\n").has_value());
  EXPECT_FALSE(parse_uri("'http://x/y' nothing.deb 12 SHA256:ab\n").has_value()) << "no version in its name";
}

TEST(Names, OfKernelSources) {
  EXPECT_THAT(kernel_sources("linux-source-7.3\nlinux-source\nlinux-source-7.2\n"),
              ElementsAre("linux-source-7.2", "linux-source-7.3"));
}

struct Case {
  const char* text;
  Failure expected;
};

TEST(Failures, AreToldApart) {
  for (const auto& c : {
           Case{"E: The repository 'http://deb.debian.org/debian nosuch Release' does not have a Release "
                "file.",
                Failure::no_suite},
           Case{"W: Failed to fetch http://deb.debian.org/debian/dists/trixie/InRelease  Temporary failure "
                "resolving 'deb.debian.org'\nE: Some index files failed to download.",
                Failure::network},
           Case{"W: GPG error: http://m bullseye InRelease: The following signatures couldn't be verified "
                "because "
                "the public key is not available: NO_PUBKEY 648ACFD622F3D138\nE: The repository 'http://m "
                "bullseye InRelease' is not signed.",
                Failure::not_verified},
           Case{"E: Failed to fetch http://m/x.deb  Hash Sum mismatch", Failure::not_verified},
           Case{"E: You don't have enough free space in /c/d/deb.", Failure::no_space},
           Case{"E: Sub-process returned an error code", Failure::other},
       })
    EXPECT_EQ(classify(c.text), c.expected) << c.text;
}

TEST(Failures, ReasonsAreAptsErrors) {
  EXPECT_EQ(
      reasons("Ign:1 http://m trixie InRelease\nErr:2 http://m trixie Release\n  404  Not Found [IP: ::1 "
              "80]\nReading package lists...\nE: no Release file.\n"),
      "\n  Err:2 http://m trixie Release\n  404  Not Found [IP: ::1 80]\n  E: no Release file.");
  EXPECT_EQ(reasons("segmentation fault\n"), "\n  segmentation fault");
}

/// A folder first in PATH with our own apt-get, apt-cache and dpkg-deb.
class FakeAptTest : public testing::Test {
 protected:
  void SetUp() override {
    ctx_.cache = dir_.path() / "cache";
    ASSERT_TRUE(make_dirs(dir_.path() / "bin").has_value());
    path_ = getenv("PATH");
    setenv("PATH", ((dir_.path() / "bin").string() + ":" + path_).c_str(), 1);
    unsetenv("PINRIG_MIRROR");
    script("apt-cache", "echo linux-source-7.2; echo linux-source-7.3");
    script("dpkg-deb", "mkdir -p \"$3/usr/src\"; echo source > \"$3/usr/src/linux-source-7.3.tar.xz\"");
    apt_get("exit 0");
  }
  void TearDown() override { setenv("PATH", path_.c_str(), 1); }

  void script(const std::string& name, const std::string& body) {
    const fs::path file = dir_.path() / "bin" / name;
    ASSERT_TRUE(write_file_atomic(file, "#!/bin/sh\n" + body + "\n", 0755).has_value());
  }
  void apt_get(const std::string& on_update) {
    script("apt-get",
           "echo x >> \"" + (dir_.path() / "calls").string() +
               "\"\n"
               "case \"$* \" in\n"
               "*indextargets*) printf 'Debian\\tDebian\\thttp://m/debian\\n';;\n"
               "*print-uris*) echo \"'http://m/x.deb' linux-source-7.3_7.3.4-1_all.deb 7 SHA256:a\";;\n"
               "*'update '*) " +
               on_update + ";;\nesac");
  }
  std::size_t calls() const {
    const auto text = read_file(dir_.path() / "calls");
    return text.has_value() ? text->size() / 2 : 0;
  }
  Error error(const std::string& package = "linux-source-7.3") {
    auto r = source_package(package, "trixie-backports", ctx_);
    EXPECT_TRUE(r.has_error());
    return r.has_error() ? r.error() : Error{};
  }
  std::size_t files() const {
    std::error_code ec;
    std::size_t n = 0;
    for (const auto& e : fs::directory_iterator(ctx_.cache / "debian/trixie-backports", ec))
      n += e.path().extension() != ".lock" ? 1 : 0;
    return n;
  }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "apt-test-").value();
  std::string path_;
  WorkContext ctx_;
};

TEST_F(FakeAptTest, FetchedOnceThenUsedWithoutTheNetwork) {
  const auto first = source_package("linux-source-7.3", "trixie-backports", ctx_);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->version, "7.3.4-1");
  EXPECT_EQ(first->tarball, ctx_.cache / "debian/trixie-backports/linux-source-7.3.tar.xz");
  EXPECT_EQ(*read_file(first->tarball), "source\n");
  EXPECT_EQ(files(), 2u) << "the tarball and its version";
  const auto asked = calls();
  apt_get("echo 'E: Could not connect' >&2; exit 100");
  const auto second = source_package("linux-source-7.3", "trixie-backports", ctx_);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->version, "7.3.4-1");
  EXPECT_EQ(calls(), asked);
}

TEST_F(FakeAptTest, SuiteWithoutThePackageListsWhatItHas) {
  const auto e = error("linux-source-7.4");
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message,
              HasSubstr("http://m/debian has no package linux-source-7.4 in the suite trixie-backports"));
  EXPECT_EQ(e.hint, "it has linux-source-7.2, linux-source-7.3");
  EXPECT_EQ(files(), 0u);
}

TEST_F(FakeAptTest, OnlyAMissingSuiteIsLookedForInTheArchive) {
  apt_get(
      "grep -q archive.debian.org \"$(dirname \"$2\")/sources.list\" || "
      "{ echo 'E: The repository does not have a Release file.' >&2; exit 100; }");
  const auto found = source_package("linux-source-7.3", "trixie-backports", ctx_);
  EXPECT_TRUE(found.has_value()) << found.error().message;
}

TEST_F(FakeAptTest, AMistypedSuiteIsNoTroubleOfTheNetwork) {
  apt_get(
      "if grep -q archive.debian.org \"$(dirname \"$2\")/sources.list\"; then echo 'E: Could not resolve'; "
      "else "
      "echo 'E: The repository does not have a Release file.'; fi >&2; exit 100");
  const auto e = error();
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("of http://m/debian: apt failed:\n  E: The repository does not have"));
  EXPECT_THAT(e.hint, HasSubstr("correct `suite`"));
}

TEST_F(FakeAptTest, NetworkAndSignatureHaveANextStep) {
  apt_get("echo \"E: Temporary failure resolving 'm'\" >&2; exit 100");
  auto e = error();
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.message, HasSubstr("of http://m/debian: apt failed"));
  EXPECT_THAT(e.hint, HasSubstr("PINRIG_MIRROR"));
  apt_get("echo 'E: The repository is not signed.' >&2; exit 100");
  e = error();
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.hint, HasSubstr("debian-archive-keyring"));
  EXPECT_EQ(files(), 0u);
}

TEST_F(FakeAptTest, NoMirrorAndNoAptAreMissingTools) {
  script("apt-get", "exit 0");
  EXPECT_THAT(error().message, HasSubstr("apt knows no mirror of Debian"));
  setenv("PATH", (dir_.path() / "nothing").c_str(), 1);
  const auto e = error();
  EXPECT_EQ(e.kind, ErrorKind::missing_tool);
  EXPECT_THAT(e.message, HasSubstr("apt-get is not installed"));
  EXPECT_THAT(e.hint, HasSubstr("tarball"));
}

}  // namespace
}  // namespace pinrig::apt
