// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/cache_use.h"
#include "base/hash.h"
#include "base/text.h"
#include "image/guest_image.h"
#include "image/packages.h"
#include "image/publish.h"
#include "process/process.h"

namespace pinrig::image {
namespace {

struct Tools {
  fs::path cmake, ninja, cc, cxx;
};

std::string compiler_package(model::Arch arch, const std::string& tool) {
  return fmt::format("apt-get install {}-{}", tool,
                     arch == model::Arch::x86_64 ? "x86-64-linux-gnu" : "aarch64-linux-gnu");
}

Result<Tools> find_tools(model::Arch arch) {
  Tools tools;
  const struct {
    std::string name;
    fs::path& path;
    std::string hint;
  } wanted[] = {{"cmake", tools.cmake, "apt-get install cmake"},
                {"ninja", tools.ninja, "apt-get install ninja-build"},
                {triplet(arch) + "-gcc", tools.cc, compiler_package(arch, "gcc")},
                {triplet(arch) + "-g++", tools.cxx, compiler_package(arch, "g++")}};
  for (const auto& tool : wanted) {
    tool.path = process::find_program(tool.name);
    if (tool.path.empty()) {
      return make_error(ErrorKind::missing_tool,
                        tool.name + " is not in PATH: guest programs cannot be built", tool.hint);
    }
  }
  return tools;
}

/// A compiler's file changes with its package; ninja does not look at it.
std::string fingerprint(const fs::path& program) {
  struct stat st = {};
  if (::stat(program.c_str(), &st) != 0) return program.string();
  return fmt::format("{} {} {}.{}", program.string(), st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/// What CMake reads once only and keeps in its cache: another value wants another build directory.
Result<std::string> build_key(model::Arch arch, const fs::path& sysroot, const Tools& tools,
                              const Context& ctx) {
  const fs::path folder = ctx.project / "guest-tests" / "cmake";
  Sha256 hash;
  hash.field(fs::absolute(ctx.project).lexically_normal().string()).field(sysroot.string());
  hash.field(fingerprint(tools.cc)).field(fingerprint(tools.cxx));
  for (const std::string& name : {std::string(to_string(arch)) + ".cmake", std::string("sysroot.cmake")}) {
    PINRIG_TRY(text, read_file(folder / name));
    hash.field(text);
  }
  return hash.hex().substr(0, 16);
}

/// The first line that says what is wrong, paths below `project` shortened: "guest-tests/bio/x.c:3:5: error:
/// ...".
std::string first_error(const std::string& output, const fs::path& project) {
  for (const char* mark : {": error: ", ": fatal error: ", "undefined reference to", "CMake Error",
                           "cannot find -l", ": multiple definition of "}) {
    for (std::string_view line : lines(output)) {
      if (line.find(mark) == std::string_view::npos) continue;
      std::string text(line);
      const std::string prefix = project.string() + "/";
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
        text.erase(at, prefix.size());
      return text;
    }
  }
  return {};
}

std::string tail(const std::string& text) {
  const auto all = lines(text);
  std::string out;
  for (std::size_t i = all.size() > 5 ? all.size() - 5 : 0; i < all.size(); ++i)
    out += fmt::format("\n  {}", all[i]);
  return out;
}

/// Passes ninja's "[3/12] ..." on as progress, so that nothing is said when nothing is built.
void report_step(std::string_view line, const std::string& what, const Context& ctx) {
  const auto close = line.find(']');
  if (!ctx.progress || !line.starts_with('[') || close == std::string_view::npos || line.starts_with("[0/"))
    return;
  ctx.progress(fmt::format("{}: {}", what, line.substr(1, close - 1)));
}

/// file, line and message of "guest-tests/bio/x.c:3:5: error: ..."; only the message of any other line.
BuildFailure failure_of(const std::string& first, const fs::path& log) {
  BuildFailure failure{.stage = BuildFailure::Stage::guest_programs, .log = log, .message = first};
  const auto colon = first.find(':');
  const auto error = first.find(": error: ");
  if (colon == std::string::npos || error == std::string::npos || error <= colon) return failure;
  failure.file = first.substr(0, colon);
  std::from_chars(first.data() + colon + 1, first.data() + error, failure.line);
  failure.message = first.substr(error + 9);
  return failure;
}

/// The Error of a step with its whole output in a file that no later build touches.
Result<void> step_failed(const std::string& what, const std::string& status, const std::string& output,
                         const std::string& log_name, const Context& ctx) {
  PINRIG_TRY(log, create_unique(ctx.cache / "logs", "guest-programs-", "." + log_name));
  PINRIG_CHECK(write_file_atomic(log, output));
  if (output.find("No space left on device") != std::string::npos) {
    return make_error(ErrorKind::disk_full, what + ": No space left on device",
                      "free some space at " + log.string());
  }
  const std::string first = first_error(output, fs::absolute(ctx.project).lexically_normal());
  Error e = make_error(ErrorKind::build_failed,
                       first.empty() ? fmt::format("{} failed ({}):{}", what, status, tail(output))
                                     : fmt::format("{} failed: {}", what, first),
                       "the whole output: " + log.string());
  e.build = failure_of(first.empty() ? status : first, log);
  return e;
}

/// Runs a build step; its failure is that of the guest programs' source.
Result<void> step(const std::vector<std::string>& argv, const std::string& what, const std::string& log_name,
                  const Context& ctx) {
  process::Command command;
  command.argv = argv;
  // Flags of the caller's environment would end up in CMake's cache and in the programs.
  command.inherit = process::build_variables();
  command.env = {{"LC_ALL", "C"}, {"NINJA_STATUS", "[%f/%t] "}};
  std::string output;
  std::size_t seen = 0;
  process::Sinks sinks;
  sinks.out = [&](std::string_view bytes) {
    output += bytes;
    for (auto end = output.find('\n', seen); end != std::string::npos; end = output.find('\n', seen)) {
      report_step(std::string_view(output).substr(seen, end - seen), what, ctx);
      seen = end + 1;
    }
  };
  PINRIG_TRY(run, process::run(command, token_or_never(ctx.cancel), sinks));
  if (std::holds_alternative<process::Cancelled>(run.status)) return cancelled_error();
  if (process::succeeded(run.status)) return {};
  output += run.err;
  return step_failed(what, to_string(run.status), output, log_name, ctx);
}

Result<void> configure(model::Arch arch, const fs::path& sysroot, const Tools& tools, const fs::path& build,
                       const Context& ctx) {
  const fs::path source = fs::absolute(ctx.project).lexically_normal() / "guest-tests";
  std::error_code ec;
  if (fs::exists(build / "build.ninja", ec)) return {};
  // A configuration that was cut short may have left a CMake cache with half of its answers.
  fs::remove_all(build, ec);
  PINRIG_CHECK(make_dirs(build));
  return step({tools.cmake.string(), "-S", source.string(), "-B", build.string(), "-G", "Ninja", "-Wno-dev",
               "-DCMAKE_MAKE_PROGRAM=" + tools.ninja.string(), "-DCMAKE_BUILD_TYPE=Release",
               "-DCMAKE_TOOLCHAIN_FILE=" + (source / "cmake" / to_string(arch)).string() + ".cmake",
               "-DPINRIG_SYSROOT=" + sysroot.string()},
              fmt::format("configuring the {} guest programs", to_string(arch)), "configure.log", ctx);
}

}  // namespace

Result<fs::path> build_guest_programs(model::Arch arch, const fs::path& sysroot, const Context& ctx) {
  PINRIG_TRY(tools, find_tools(arch));
  PINRIG_TRY(key, build_key(arch, sysroot, tools, ctx));
  const fs::path build = ctx.cache / "guest" / fmt::format("{}-{}", to_string(arch), key);
  PINRIG_TRY(lock, lock_path(build, ctx));
  mark_used(build);
  PINRIG_CHECK(configure(arch, sysroot, tools, build, ctx));
  PINRIG_CHECK(step({tools.ninja.string(), "-C", build.string(), "-j", std::to_string(std::max(1, ctx.jobs))},
                    fmt::format("building the {} guest programs", to_string(arch)), "build.log", ctx));
  return build;
}

}  // namespace pinrig::image
