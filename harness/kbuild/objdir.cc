// SPDX-License-Identifier: GPL-2.0
#include "kbuild/objdir.h"

#include <sys/stat.h>

#include <charconv>

#include "base/text.h"

namespace pinrig::kbuild {
namespace {

fs::path mark_of(const fs::path& objdir) { return objdir / "pinrig-building"; }
fs::path steps_file(const fs::path& objdir, bool cold) {
  return objdir / (cold ? "pinrig-steps-cold" : "pinrig-steps-incremental");
}

std::optional<timespec> time_of(const fs::path& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
  return st.st_mtim;
}

bool newer(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/// A .cmd file of kbuild is written after its target: one line by if_changed, or fixdep's list, whose last
/// rule has "$(deps_TARGET):" on the left. On x86-64 a line about objtool follows.
bool complete_cmd(const std::string& text) {
  if (!text.ends_with('\n')) return false;
  if (text.find("\ndeps_") == std::string::npos && text.find("\nsource_") == std::string::npos) return true;
  const auto rule = text.find("\n$(deps_");
  return rule != std::string::npos && text.find("):\n", rule) != std::string::npos;
}

/// ".bio.o.cmd" -> "bio.o"; empty for other names.
std::string target_of(const std::string& name) {
  if (!name.starts_with('.') || !name.ends_with(".cmd") || name.size() < 6) return "";
  return name.substr(1, name.size() - 5);
}

/// Removes the target of one .cmd file when either may be unfinished; `killed` is when that build began.
int repair_target(const fs::path& cmd, const std::string& target_name, const timespec& killed) {
  const fs::path target = cmd.parent_path() / target_name;
  const auto cmd_time = time_of(cmd);
  const auto target_time = time_of(target);
  if (!cmd_time || !target_time) return 0;
  const auto text = newer(*cmd_time, killed) ? read_file(cmd) : Result<std::string>(std::string("\n"));
  const bool cmd_good = text.has_value() && complete_cmd(text.value());
  if (cmd_good && !newer(*target_time, *cmd_time)) return 0;
  std::error_code ec;
  fs::remove(target, ec);
  if (!cmd_good) fs::remove(cmd, ec);
  return 1;
}

Result<int> repair(const fs::path& objdir, const timespec& killed) {
  std::error_code ec;
  std::vector<std::pair<fs::path, std::string>> cmds;
  for (fs::recursive_directory_iterator it(objdir, ec), end; !ec && it != end; it.increment(ec)) {
    const auto target = target_of(it->path().filename().string());
    if (!target.empty()) cmds.emplace_back(it->path(), target);
  }
  if (ec) return errno_error("reading " + objdir.string(), ec.value());
  int removed = 0;
  for (const auto& [cmd, target] : cmds) removed += repair_target(cmd, target, killed);
  return removed;
}

}  // namespace

Result<int> begin_build(const fs::path& objdir) {
  PINRIG_CHECK(make_dirs(objdir));
  int removed = 0;
  if (const auto killed = time_of(mark_of(objdir))) {
    PINRIG_TRY(n, repair(objdir, *killed));
    removed = n;
  }
  PINRIG_CHECK(write_file_atomic(mark_of(objdir), "a build is or was going on here\n"));
  return removed;
}

void end_build(const fs::path& objdir) {
  std::error_code ec;
  fs::remove(mark_of(objdir), ec);
}

void forget_objects(const fs::path& objdir, const std::vector<std::string>& sources) {
  for (const auto& source : sources) {
    fs::path object = objdir / source;
    if (object.extension() != ".c" && object.extension() != ".S") continue;
    std::error_code ec;
    fs::remove(object.replace_extension(".o"), ec);
    fs::remove(object.replace_extension(".gcno"), ec);
  }
}

int expected_steps(const fs::path& objdir, model::Arch arch, bool cold) {
  const auto text = read_file(steps_file(objdir, cold));
  int steps = 0;
  if (text.has_value()) {
    const auto digits = trim(text.value());
    std::from_chars(digits.data(), digits.data() + digits.size(), steps);
    if (steps > 0) return steps;
  }
  if (!cold) return 0;
  return arch == model::Arch::x86_64 ? 1880 : 1700;
}

void remember_steps(const fs::path& objdir, bool cold, int steps) {
  const auto ignored = write_file_atomic(steps_file(objdir, cold), std::to_string(steps) + "\n");
  static_cast<void>(ignored);
}

}  // namespace pinrig::kbuild
