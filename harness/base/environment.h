// SPDX-License-Identifier: GPL-2.0
// The environment variables that pinrig reads. harness/docs/reference.md documents each;
// tests/reference_test.cc compares the two.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace pinrig {

inline constexpr std::array<std::string_view, 18> environment_variables{"CCACHE_DIR",
                                                                        "CCACHE_DISABLE",
                                                                        "CI",
                                                                        "HOME",
                                                                        "LANG",
                                                                        "LC_ALL",
                                                                        "LC_CTYPE",
                                                                        "NO_COLOR",
                                                                        "PATH",
                                                                        "PINRIG_CACHE",
                                                                        "PINRIG_MIRROR",
                                                                        "PINRIG_PROJECT",
                                                                        "PINRIG_STATE",
                                                                        "TERM",
                                                                        "TMPDIR",
                                                                        "XDG_CACHE_HOME",
                                                                        "XDG_RUNTIME_DIR",
                                                                        "XDG_STATE_HOME"};

/// The name of one of environment_variables: any other name does not compile.
class Variable {
 public:
  consteval Variable(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
    bool known = false;
    for (const auto v : environment_variables) known = known || v == name;
    if (!known) throw "add the variable to environment_variables and to harness/docs/reference.md";
  }
  const char* name() const { return name_; }

 private:
  const char* name_;
};

/// Its value; none when it is unset or empty.
std::optional<std::string> environment(Variable variable);

}  // namespace pinrig
