// SPDX-License-Identifier: GPL-2.0
#include "cmdline.h"

#include <optional>

#include "counters.h"

namespace pinrig::agent {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::int64_t most = 1 << 20;

std::optional<int> small_number(std::string_view text) {
  const auto value = parse_int(text);
  if (!value || *value < 0 || *value > most) return std::nullopt;
  return static_cast<int>(*value);
}

// The text before the next ':' of `rest`, which then begins after it.
std::string_view cut(std::string_view& rest) {
  const auto colon = rest.find(':');
  const auto head = rest.substr(0, colon);
  rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  return head;
}

std::optional<wire::Mount> parse_mount(std::string_view value) {
  wire::Mount mount;
  mount.serial = cut(value);
  const auto nsid = small_number(cut(value));
  mount.fstype = cut(value);
  mount.target = value;
  if (mount.serial.empty() || !nsid || mount.fstype.empty() || !mount.target.starts_with('/'))
    return std::nullopt;
  mount.nsid = *nsid;
  return mount;
}

bool set_number(int& field, std::string_view value) {
  const auto number = small_number(value);
  if (number) field = *number;
  return number.has_value();
}

bool apply(CommandLine& out, std::string_view key, std::string_view value) {
  if (key == "shell") return out.shell = true;
  if (key == "rxe") return out.setup.rxe = true;
  if (key == "hugepages") return set_number(out.setup.hugepages, value);
  if (key == "swap_mib") return set_number(out.setup.swap_mib, value);
  if (key == "drive") {
    if (value.find(':') == std::string_view::npos) return false;
    out.setup.drives.emplace_back(value);
    return true;
  }
  if (key == "tty") return set_number(out.rows, cut(value)) && set_number(out.columns, value);
  if (key != "mount") return false;
  auto mount = parse_mount(value);
  if (mount) out.setup.mounts.push_back(*std::move(mount));
  return mount.has_value();
}

}  // namespace

CommandLine parse_command_line(std::string_view text) {
  constexpr std::string_view prefix = "pinrig.";
  CommandLine out;
  for (;;) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    if (!word.starts_with(prefix)) continue;
    const std::string_view body = word.substr(prefix.size());
    const auto equals = body.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view{} : body.substr(equals + 1);
    if (!apply(out, body.substr(0, equals), value))
      out.problems.push_back("not understood on the kernel command line: " + std::string(word));
  }
}

}  // namespace pinrig::agent
