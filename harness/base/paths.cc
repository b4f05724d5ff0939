// SPDX-License-Identifier: GPL-2.0
#include "base/paths.h"

#include <utility>

#include "base/environment.h"

namespace pinrig {
namespace {

fs::path from_env(Variable variable) {
  const auto value = environment(variable);
  return value ? fs::absolute(*value) : fs::path();
}

fs::path choose(Variable own, Variable xdg, const char* under_home) {
  if (auto p = from_env(own); !p.empty()) return p;
  if (auto p = from_env(xdg); !p.empty()) return p / "pinrig";
  auto home = from_env("HOME");
  return home.empty() ? fs::path() : home / under_home / "pinrig";
}

bool is_project(const fs::path& p) {
  return fs::is_directory(p / "guest-tests") && fs::is_directory(p / "kernels");
}

fs::path find_project() {
  if (auto p = from_env("PINRIG_PROJECT"); !p.empty()) return p;
  std::error_code ec;
  for (fs::path p = fs::current_path(ec); !p.empty(); p = p.parent_path()) {
    if (is_project(p)) return p;
    if (p == p.root_path()) break;
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ec);
  if (fs::path p = program.parent_path().parent_path() / "share/pinrig"; is_project(p)) return p;
  return PINRIG_BUILT_FROM;
}

}  // namespace

std::string unusable_in_make(std::string_view path) {
  for (const char c : path) {
    if (c == ' ') return "space";
    if (c == ':') return "colon";
    if (static_cast<unsigned char>(c) < 0x20) return "control character";
    if (std::string_view("#$%*?[]\\\"'`;&|<>()").find(c) != std::string_view::npos)
      return std::string("'") + c + "'";
  }
  return "";
}

Result<Paths> find_paths() {
  Paths p{find_project(), choose("PINRIG_CACHE", "XDG_CACHE_HOME", ".cache"),
          choose("PINRIG_STATE", "XDG_STATE_HOME", ".local/state")};
  if (p.cache.empty() || p.state.empty())
    return make_error(ErrorKind::bad_usage, "neither HOME nor PINRIG_CACHE and PINRIG_STATE are set",
                      "set PINRIG_CACHE and PINRIG_STATE to writable directories");
  if (!is_project(p.project))
    return make_error(ErrorKind::bad_usage,
                      p.project.string() + " is not a pinrig checkout (guest-tests/ or kernels/ is missing)",
                      "run pinrig inside its checkout, or set PINRIG_PROJECT");
  for (const auto& [path, what] : {std::pair{&p.project, "the checkout"}, {&p.cache, "PINRIG_CACHE"}}) {
    if (const auto bad = unusable_in_make(path->string()); !bad.empty())
      return make_error(
          ErrorKind::bad_usage,
          std::string(what) + " is " + path->string() + ": make and the kernel's Makefile do not support a " +
              bad + " in build paths",
          "set PINRIG_CACHE (default: ~/.cache/pinrig), or move the checkout, to a path without it");
  }
  return p;
}

}  // namespace pinrig
