// SPDX-License-Identifier: GPL-2.0
#include "kbuild/selftests.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "kbuild/kernel_build.h"
#include "kbuild/recipe.h"

namespace pinrig::kbuild {
namespace {

struct Selftest {
  const char* program;
  std::array<const char*, 2> sources;  ///< names it had over time, the newest first
  std::vector<const char*> libraries;
};

const std::vector<Selftest>& table() {
  static const std::vector<Selftest> all{
      {"gup_test", {"gup_test.c", nullptr}, {}},
      {"gup_benchmark", {"gup_benchmark.c", nullptr}, {}},  // up to 5.10
      {"cow", {"cow.c", "anon_cow.c"}, {"-luring"}},        // anon_cow in 6.2
      {"gup_longterm", {"gup_longterm.c", nullptr}, {"-luring"}},
      {"hugetlb_dio", {"hugetlb_dio.c", nullptr}, {}},
      {"memfd_secret", {"memfd_secret.c", nullptr}, {"-lcap"}},
      {"ksm_functional_tests", {"ksm_functional_tests.c", nullptr}, {}},
      {"migration", {"migration.c", nullptr}, {"-lnuma"}},
  };
  return all;
}

/// Helpers that the tree's Makefile links into every test of the directory.
constexpr std::array<const char*, 2> helpers{"vm_util.c", "thp_settings.c"};
constexpr std::array<const char*, 4> libraries{"liburing.a", "libcap.a", "libnuma.a", "libc.a"};

fs::path find_library(const fs::path& sysroot, const std::string& name) {
  std::error_code ec;
  for (const char* triplet : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    const auto path = sysroot / "usr/lib" / triplet / name;
    if (fs::exists(path, ec)) return path;
  }
  return {};
}

/// Relative to the tree; empty when the tree has neither.
std::string tests_dir(const fs::path& source) {
  for (const std::string dir : {"tools/testing/selftests/mm", "tools/testing/selftests/vm"}) {
    if (fs::is_directory(source / dir)) return dir;
  }
  return "";
}

std::string stat_line(const fs::path& path) {
  struct stat st = {};
  if (::stat(path.c_str(), &st) != 0) return "";
  return fmt::format("{} {}.{:09}\n", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/// Sizes and times of every C file in `dir`, so that a change of any of them is seen.
void stamp_dir(Sha256& stamp, const fs::path& dir, bool recursive) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (!recursive) it.disable_recursion_pending();
    const auto extension = it->path().extension();
    if (extension == ".c" || extension == ".h") found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  for (const auto& path : found) stamp.field(path.string()).field(stat_line(path));
}

std::string stamp_of(const Tree& tree, const std::string& dir, const std::string& sysroot) {
  Sha256 stamp;
  stamp.field(recipe_version).field(tree.toolchain.identity).field(sysroot);
  stamp_dir(stamp, tree.source / dir, false);
  stamp_dir(stamp, tree.source / "tools/testing/selftests", false);
  stamp_dir(stamp, tree.source / "tools/include/uapi", true);
  stamp_dir(stamp, tree.objdir / "usr/include", true);
  stamp.field(stat_line(tree.source / "mm/gup_test.h"));
  return stamp.hex();
}

std::string first_error(const std::string& text) {
  BuildLog log("/", "/");
  log.add(text);
  log.finish();
  return log.first_error().empty() ? "the compiler failed" : log.first_error();
}

Result<void> append_log(const fs::path& log, const std::string& text) {
  const auto before = read_file(log);
  return write_file_atomic(log, (before.has_value() ? before.value() : "") + text);
}

/// Why `test` cannot be compiled here, or its sources.
Result<std::string> sources_of(const Tree& tree, const fs::path& sysroot, const std::string& dir,
                               const Selftest& test, std::vector<std::string>& sources) {
  for (const char* name : test.sources) {
    if (name != nullptr && sources.empty() && fs::exists(tree.source / dir / name)) sources.push_back(name);
  }
  if (sources.empty()) return fmt::format("{} has no {}", dir, test.sources[0]);
  for (const std::string library : test.libraries) {
    const std::string archive = "lib" + library.substr(2) + ".a";
    if (find_library(sysroot, archive).empty()) return "the sysroot has no " + archive;
  }
  for (const char* helper : helpers) {
    if (fs::exists(tree.source / dir / helper)) sources.emplace_back(helper);
  }
  return std::string();
}

}  // namespace

std::vector<std::string> known_selftests() {
  std::vector<std::string> names;
  for (const auto& test : table()) names.emplace_back(test.program);
  return names;
}

Result<std::string> sysroot_identity(const fs::path& sysroot) {
  if (!fs::is_directory(sysroot)) {
    return make_error(ErrorKind::missing_tool, "no sysroot at " + sysroot.string(),
                      "pinrig doctor says how to make one");
  }
  if (find_library(sysroot, "liburing.a").empty()) {
    return make_error(
        ErrorKind::missing_tool, "the sysroot " + sysroot.string() + " has no liburing.a",
        "add liburing-dev to its package list under images/, or remove the sysroot so that it is made anew");
  }
  std::string id;
  for (const char* library : libraries)
    id += fmt::format("{} {}", library, stat_line(find_library(sysroot, library)));
  return id;
}

std::vector<std::string> compile_argv(const SelftestCompile& c) {
  std::vector<std::string> argv{c.tree.toolchain.gcc(),
                                "--sysroot=" + c.sysroot.string(),
                                "-static",
                                "-O2",
                                "-U_FORTIFY_SOURCE",
                                "-D_GNU_SOURCE=",
                                "-I" + c.tree.source.string(),
                                "-I" + c.include.string(),
                                "-isystem",
                                (c.tree.objdir / "usr/include").string(),
                                "-isystem",
                                (c.tree.source / "tools/include/uapi").string()};
  // Sources by name, from within their directory: gup_longterm makes its "local tmpfile" from __FILE__,
  // which must then be a name in the working directory of the guest.
  argv.insert(argv.end(), c.sources.begin(), c.sources.end());
  argv.insert(argv.end(), {"-o", (c.out / c.program).string()});
  for (const auto& test : table()) {
    if (c.program == test.program) argv.insert(argv.end(), test.libraries.begin(), test.libraries.end());
  }
  argv.insert(argv.end(), {"-lpthread", "-lrt", "-lm"});
  return argv;
}

Result<SelftestsResult> build_selftests(const Tree& tree, const fs::path& sysroot, const fs::path& log,
                                        const CancelToken& cancel) {
  SelftestsResult result;
  PINRIG_TRY(identity, sysroot_identity(sysroot));
  const fs::path out = tree.objdir / "selftests";
  const fs::path stamp_file = tree.objdir / "selftests.stamp";
  const std::string dir = tests_dir(tree.source);
  const std::string stamp = stamp_of(tree, dir, identity);
  const auto last = read_file(stamp_file);
  if (last.has_value() && last.value() == stamp && fs::exists(out / "absent.json")) return result;
  std::error_code ec;
  fs::remove(stamp_file, ec);
  fs::remove_all(out, ec);
  const fs::path include = tree.objdir / "selftests.include";
  PINRIG_CHECK(make_dirs(out));
  PINRIG_CHECK(make_dirs(include));
  // Written by the tree's check_config.sh into the source otherwise.
  PINRIG_CHECK(write_file_atomic(include / "local_config.h", "#define LOCAL_CONFIG_HAVE_LIBURING 1\n"));
  for (const auto& test : table()) {
    std::vector<std::string> sources;
    PINRIG_TRY(reason,
               sources_of(tree, sysroot, dir.empty() ? "tools/testing/selftests/mm" : dir, test, sources));
    if (reason.empty()) {
      process::Command command;
      command.argv = compile_argv({tree, sysroot, include, out, test.program, sources});
      command.cwd = tree.source / dir;
      command.env["LC_ALL"] = "C";
      PINRIG_TRY(done, process::run(command, cancel));
      if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
      result.cpu_s += done.cpu_s;
      PINRIG_CHECK(append_log(log, "$ " + shell_line(command.argv) + "\n" + done.err));
      if (!process::succeeded(done.status)) reason = "does not compile: " + first_error(done.err);
    }
    if (!reason.empty()) result.absent[test.program] = reason;
  }
  PINRIG_CHECK(write_file_atomic(out / "absent.json", nlohmann::json(result.absent).dump(2) + "\n"));
  PINRIG_CHECK(write_file_atomic(stamp_file, stamp));
  return result;
}

}  // namespace pinrig::kbuild
