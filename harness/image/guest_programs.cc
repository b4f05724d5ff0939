// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/cache_use.h"
#include "base/hash.h"
#include "base/text.h"
#include "image/guest_image.h"
#include "image/guest_sources.h"
#include "image/packages.h"
#include "image/program_errors.h"
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

/// What CMake reads only once and keeps in its cache: another value needs another build directory.
std::string build_key(const GuestSources& sources, model::Arch arch, const fs::path& sysroot,
                      const Tools& tools) {
  Sha256 hash;
  hash.field(sysroot.string()).field(fingerprint(tools.cc)).field(fingerprint(tools.cxx));
  for (const std::string& name : {std::string(to_string(arch)) + ".cmake", std::string("sysroot.cmake")}) {
    const auto file = sources.find("guest-tests/cmake/" + name);
    hash.field(file == sources.end() ? "" : file->second);
  }
  return hash.hex().substr(0, 16);
}

/// What comes out depends on: the sources by their content, wherever the checkout lies, and what compiles
/// them. The sysroot's name is made from its packages.
std::string programs_key(const GuestSources& sources, const fs::path& sysroot, const Tools& tools) {
  Sha256 hash;
  hash.field(sysroot.filename().string()).field(fingerprint(tools.cc)).field(fingerprint(tools.cxx));
  for (const auto& [name, text] : sources) hash.field(name).field(text);
  return hash.hex().substr(0, 16);
}

std::string tail(const std::string& text) {
  const auto all = lines(text);
  std::string out;
  for (std::size_t i = all.size() > 5 ? all.size() - 5 : 0; i < all.size(); ++i)
    out += fmt::format("\n  {}", all[i]);
  return out;
}

/// Passes ninja's "[3/12] ..." on as progress, so that nothing is said when nothing is built.
void report_step(std::string_view line, const std::string& what, const WorkContext& ctx) {
  const auto close = line.find(']');
  if (!line.starts_with('[') || close == std::string_view::npos || line.starts_with("[0/")) return;
  ctx.tell({.what = fmt::format("{}: {}", what, line.substr(1, close - 1))});
}

/// Where one architecture is built: the copy of the sources, and CMake's and ninja's files.
struct Place {
  fs::path source;  ///< holds guest-tests/ and harness/
  fs::path build;
};

/// The Error of a step with its whole output in a file that no later build touches.
Result<void> step_failed(const std::string& what, const std::string& status, const std::string& output,
                         const std::string& log_name, const Place& place, const WorkContext& ctx) {
  PINRIG_TRY(log, create_unique(ctx.cache / "logs", "guest-programs-", "." + log_name));
  PINRIG_CHECK(write_file_atomic(log, output));
  if (output.find("No space left on device") != std::string::npos) {
    return make_error(ErrorKind::disk_full, what + ": No space left on device",
                      "free some space at " + log.string());
  }
  auto failure = first_failure(output, place.source);
  if (failure.message.empty()) failure.message = fmt::format("{} failed ({}):{}", what, status, tail(output));
  failure.log = log;
  Error e = make_error(ErrorKind::programs_failed, "the guest programs do not build: " + to_string(failure));
  e.build = std::move(failure);
  return e;
}

/// Runs a build step; its failure is that of the guest programs' source.
Result<void> step(const std::vector<std::string>& argv, const std::string& what, const std::string& log_name,
                  const Place& place, const WorkContext& ctx) {
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
  PINRIG_TRY(run, process::run(command, ctx.token(), sinks));
  if (std::holds_alternative<process::Cancelled>(run.status)) return cancelled_error();
  if (process::succeeded(run.status)) return {};
  output += run.err;
  return step_failed(what, to_string(run.status), output, log_name, place, ctx);
}

Result<void> configure(model::Arch arch, const fs::path& sysroot, const Tools& tools, const Place& place,
                       const WorkContext& ctx) {
  const fs::path source = place.source / "guest-tests";
  std::error_code ec;
  if (fs::exists(place.build / "build.ninja", ec)) return {};
  // An interrupted configuration may have left a half-filled CMake cache.
  fs::remove_all(place.build, ec);
  PINRIG_CHECK(make_dirs(place.build));
  return step({tools.cmake.string(), "-S", source.string(), "-B", place.build.string(), "-G", "Ninja",
               "-Wno-dev", "-DCMAKE_MAKE_PROGRAM=" + tools.ninja.string(), "-DCMAKE_BUILD_TYPE=Release",
               "-DCMAKE_TOOLCHAIN_FILE=" + (source / "cmake" / to_string(arch)).string() + ".cmake",
               "-DPINRIG_SYSROOT=" + sysroot.string()},
              fmt::format("configuring the {} guest programs", to_string(arch)), "configure.log", place, ctx);
}

Result<void> copy_programs(const fs::path& build, const fs::path& to) {
  PINRIG_CHECK(make_dirs(to));
  std::error_code ec;
  fs::copy(build / "tests", to / "tests", fs::copy_options::recursive | fs::copy_options::copy_symlinks, ec);
  if (!ec) fs::copy(build / "agent", to / "agent", ec);
  if (ec) return errno_error(fmt::format("copying {} to {}", build.string(), to.string()), ec.value());
  return {};
}

/// Compiles what has changed, in a directory of the cache that all checkouts share, and copies the programs
/// to `to`.
Result<void> compile(model::Arch arch, const GuestSources& sources, const fs::path& sysroot,
                     const Tools& tools, const fs::path& to, const WorkContext& ctx) {
  const std::string name = fmt::format("{}-{}", to_string(arch), build_key(sources, arch, sysroot, tools));
  const fs::path folder = fs::absolute(ctx.cache).lexically_normal() / "guest" / "build" / name;
  PINRIG_TRY(lock, lock_path(folder, ctx));
  mark_used(folder);
  const Place place{folder / "source", folder / "objects"};
  PINRIG_CHECK(mirror_sources(sources, place.source));
  PINRIG_CHECK(configure(arch, sysroot, tools, place, ctx));
  PINRIG_CHECK(
      step({tools.ninja.string(), "-C", place.build.string(), "-j", std::to_string(std::max(1, ctx.jobs))},
           fmt::format("building the {} guest programs", to_string(arch)), "build.log", place, ctx));
  return copy_programs(place.build, to);
}

}  // namespace

Result<fs::path> build_guest_programs(model::Arch arch, const fs::path& sysroot, const WorkContext& ctx) {
  PINRIG_TRY(tools, find_tools(arch));
  PINRIG_TRY(sources, read_guest_sources(ctx.project));
  const std::string key = programs_key(sources, sysroot, tools);
  const fs::path programs = ctx.cache / "guest" / fmt::format("{}-{}", to_string(arch), key);
  PINRIG_CHECK(publish_once(programs, ctx, [&](const fs::path& partial) {
    return compile(arch, sources, sysroot, tools, partial, ctx);
  }));
  return programs;
}

}  // namespace pinrig::image
