// SPDX-License-Identifier: GPL-2.0
#include "kbuild/toolchain.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "process/process.h"

namespace pinrig::kbuild {
namespace {

std::string cross_prefix(model::Arch arch) {
  utsname host = {};
  ::uname(&host);
  if (model::arch_from_string(host.machine) == arch) return "";
  return fmt::format("{}-linux-gnu-", model::to_string(arch));
}

Result<std::string> first_line_of_version(const std::string& program, const CancelToken& cancel) {
  process::Command command;
  command.argv = {program, "--version"};
  command.env["LC_ALL"] = "C";
  if (process::find_program(program).empty()) return std::string("not installed");
  PINRIG_TRY(done, process::run_ok(command, cancel));
  const auto all = lines(done.out);
  return std::string(all.empty() ? "" : all.front());
}

Result<void> need(const std::string& program, const std::string& package) {
  if (!process::find_program(program).empty()) return {};
  return make_error(ErrorKind::missing_tool,
                    program + " is not installed: a kernel cannot be built without it",
                    "apt install " + package);
}

}  // namespace

std::string gcov_program(model::Arch arch) { return cross_prefix(arch) + "gcov"; }

Result<Toolchain> find_toolchain(model::Arch arch, const CancelToken& cancel) {
  Toolchain t;
  t.prefix = cross_prefix(arch);
  const std::string triplet = t.prefix.empty() ? "" : t.prefix.substr(0, t.prefix.size() - 1);
  // Debian's package names have '-' for the '_' of the triplet: gcc-x86-64-linux-gnu.
  std::string suffix = triplet;
  if (const auto at = suffix.find('_'); at != std::string::npos) suffix[at] = '-';
  PINRIG_CHECK(need(t.gcc(), suffix.empty() ? "gcc" : "gcc-" + suffix));
  PINRIG_CHECK(need(t.prefix + "ld", suffix.empty() ? "binutils" : "binutils-" + suffix));
  static const std::array<std::pair<const char*, const char*>, 4> tools{
      {{"make", "make"}, {"flex", "flex"}, {"bison", "bison"}, {"bc", "bc"}}};
  for (const auto& [program, package] : tools) PINRIG_CHECK(need(program, package));
  t.ccache = !process::find_program("ccache").empty();
  t.identity = t.prefix;
  // gcc without prefix is HOSTCC; Kconfig and the BTF step look at pahole (scripts/pahole-version.sh).
  for (const std::string& program :
       {t.gcc(), std::string("gcc"), t.prefix + "as", t.prefix + "ld", std::string("pahole")}) {
    PINRIG_TRY(said, first_line_of_version(program, cancel));
    t.identity += fmt::format("\n{}: {}", program, said);
  }
  return t;
}

}  // namespace pinrig::kbuild
