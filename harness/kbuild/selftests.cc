// SPDX-License-Identifier: GPL-2.0
#include "kbuild/selftests.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <variant>

#include "base/hash.h"
#include "base/text.h"
#include "kbuild/kernel_build.h"
#include "kbuild/recipe.h"
#include "kconfig/fragment.h"

namespace pinrig::kbuild {
namespace {

/// Newer than the last kernel whose selftests all say "../kselftest.h" and have no hugepage_settings.c (7.3).
/// The recipe of older ones stays as it was, and with it the keys of what was built.
bool is_newer(const std::string& version) {
  const auto v = kconfig::parse_version(version);
  return v && *v > kconfig::Version{6, 12};
}

/// vm until 6.2.
constexpr const char* kTestsDirs[] = {"tools/testing/selftests/mm", "tools/testing/selftests/vm"};

/// Relative to the tree; empty when the tree has neither.
std::string tests_dir(const fs::path& source) {
  for (const char* dir : kTestsDirs) {
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
  stamp.field(digest(recipe_of(tree.arch, tree.version))).field(tree.toolchain.identity).field(sysroot);
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

/// The sources of `test` here, or why it cannot be compiled.
std::variant<std::vector<std::string>, Absent> sources_of(const Tree& tree, const fs::path& sysroot,
                                                          const std::string& dir, const Selftest& test) {
  using Kind = Absent::Kind;
  std::vector<std::string> sources;
  for (const char* name : test.sources) {
    if (name != nullptr && sources.empty() && fs::exists(tree.source / dir / name))
      sources.emplace_back(name);
  }
  if (sources.empty()) return Absent{Kind::not_in_tree, fmt::format("{} has no {}", dir, test.sources[0])};
  for (const std::string library : test.libraries) {
    const std::string archive = "lib" + library.substr(2) + ".a";
    if (find_static_library(sysroot, archive).empty())
      return Absent{Kind::does_not_compile, "the sysroot has no " + archive};
  }
  for (const char* helper : selftest_helpers(tree.version)) {
    if (fs::exists(tree.source / dir / helper)) sources.emplace_back(helper);
  }
  return sources;
}

/// One build of all programs: where things are, and what came of it so far.
struct Work {
  const Tree& tree;
  const fs::path& sysroot;
  std::string dir;  ///< of the tests, below the tree
  fs::path include;
  fs::path out;
  const fs::path& log;
  SelftestsResult result = {};
};

Result<void> build_one(Work& work, const Selftest& test, const CancelToken& cancel) {
  auto found = sources_of(work.tree, work.sysroot, work.dir, test);
  if (const auto* absent = std::get_if<Absent>(&found)) {
    work.result.absent.emplace(test.program, *absent);
    return {};
  }
  process::Command command;
  command.argv = compile_argv({work.tree, work.sysroot, work.include, work.out, test,
                               std::get<std::vector<std::string>>(std::move(found))});
  command.cwd = work.tree.source / work.dir;
  command.inherit = process::build_variables();
  command.env["LC_ALL"] = "C";
  PINRIG_TRY(done, process::run(command, cancel));
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  work.result.cpu_s += done.cpu_s;
  PINRIG_CHECK(append_log(work.log, "$ " + shell_line(command.argv) + "\n" + done.err));
  if (!process::succeeded(done.status))
    work.result.absent.emplace(test.program, Absent{Absent::Kind::does_not_compile, first_error(done.err)});
  return {};
}

}  // namespace

const std::vector<Selftest>& selftest_table() {
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

std::vector<const char*> selftest_helpers(const std::string& version) {
  if (!is_newer(version)) return {"vm_util.c", "thp_settings.c"};
  return {"vm_util.c", "thp_settings.c", "hugepage_settings.c"};
}

std::vector<const char*> local_config_names(const std::string& version) {
  if (!is_newer(version)) return {"local_config.h"};
  return {"local_config.h", "local_config.h_gen"};
}

const char* local_config() { return "#define LOCAL_CONFIG_HAVE_LIBURING 1\n"; }

std::vector<std::string> known_selftests() {
  std::vector<std::string> names;
  for (const auto& test : selftest_table()) names.emplace_back(test.program);
  return names;
}

std::vector<std::string> selftest_places(const std::string& program) {
  std::vector<std::string> out;
  for (const auto& test : selftest_table()) {
    if (program != test.program) continue;
    for (const char* dir : kTestsDirs) {
      for (const char* source : test.sources)
        if (source != nullptr) out.push_back(fmt::format("{}/{}", dir, source));
    }
  }
  return out;
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
  if (is_newer(c.tree.version)) argv.push_back("-I" + (c.tree.source / "tools/testing/selftests").string());
  // Sources by name, from within their directory: gup_longterm makes its "local tmpfile" from __FILE__,
  // which must then be a name in the working directory of the guest.
  argv.insert(argv.end(), c.sources.begin(), c.sources.end());
  argv.insert(argv.end(), {"-o", (c.out / c.test.program).string()});
  argv.insert(argv.end(), c.test.libraries.begin(), c.test.libraries.end());
  argv.insert(argv.end(), {"-lpthread", "-lrt", "-lm"});
  return argv;
}

Result<SelftestsResult> build_selftests(const Tree& tree, const fs::path& sysroot, const fs::path& log,
                                        const CancelToken& cancel) {
  PINRIG_TRY(identity, sysroot_identity(sysroot));
  const fs::path stamp_file = tree.objdir / "selftests.stamp";
  const std::string dir = tests_dir(tree.source);
  Work work{tree,
            sysroot,
            dir.empty() ? "tools/testing/selftests/mm" : dir,
            tree.objdir / "selftests.include",
            tree.objdir / "selftests",
            log};
  const std::string stamp = stamp_of(tree, dir, identity);
  const auto last = read_file(stamp_file);
  if (last.has_value() && last.value() == stamp && read_absent(work.out).has_value()) return work.result;
  std::error_code ec;
  fs::remove(stamp_file, ec);
  fs::remove_all(work.out, ec);
  PINRIG_CHECK(make_dirs(work.out));
  PINRIG_CHECK(make_dirs(work.include));
  for (const char* name : local_config_names(tree.version))
    PINRIG_CHECK(write_file_atomic(work.include / name, local_config()));
  for (const auto& test : selftest_table()) PINRIG_CHECK(build_one(work, test, cancel));
  PINRIG_CHECK(write_absent(work.out, work.result.absent));
  PINRIG_CHECK(write_file_atomic(stamp_file, stamp));
  return work.result;
}

}  // namespace pinrig::kbuild
