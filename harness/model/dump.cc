// SPDX-License-Identifier: GPL-2.0
#include "model/dump.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace pinrig::model {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<DumpCause, const char*>, 3> causes{
    {{DumpCause::crash, "on-crash"}, {DumpCause::leak, "on-leak"}, {DumpCause::hang, "on-hang"}}};

}  // namespace

const char* to_string(DumpCause cause) {
  for (const auto& [value, name] : causes) {
    if (value == cause) return name;
  }
  return "?";
}

std::optional<DumpCause> dump_cause_from_string(const std::string& word) {
  for (const auto& [value, name] : causes) {
    if (word == name) return value;
  }
  return std::nullopt;
}

bool DumpOrder::wants(DumpCause cause) const {
  return std::find(when.begin(), when.end(), cause) != when.end();
}

std::string dump_to_json(const std::optional<Dump>& dump) {
  if (!dump) return "";
  const Json j{{"cause", to_string(dump->cause)},
               {"test", dump->test},
               {"file", dump->file},
               {"problem", dump->problem},
               {"bytes", dump->bytes},
               {"took_s", dump->took_s},
               {"vmlinux", dump->vmlinux},
               {"debug_info", dump->debug_info},
               {"script", dump->script}};
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Dump> dump_from_json(const std::string& text) {
  const auto j = Json::parse(text, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  try {
    const auto cause = dump_cause_from_string(j.at("cause"));
    if (!cause) return std::nullopt;
    return Dump{*cause,         j.at("test"),    j.at("file"),       j.at("problem"), j.at("bytes"),
                j.at("took_s"), j.at("vmlinux"), j.at("debug_info"), j.at("script")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string crash_command(const Dump& dump) { return shell_line({"crash", dump.vmlinux, dump.file}); }

std::string drgn_command(const Dump& dump) {
  return shell_line({"drgn", "-c", dump.file, "-s", dump.vmlinux});
}

std::string pins_command(const Dump& dump) { return drgn_command(dump) + " " + shell_quote(dump.script); }

}  // namespace pinrig::model
