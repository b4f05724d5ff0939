// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "console/console.h"

namespace pinrig::console {

std::string to_json(const Log& log) {
  using Json = nlohmann::ordered_json;
  Json j{{"booted", log.booted},           {"panicked", log.panicked},
         {"powered_off", log.powered_off}, {"last_stamp_s", log.last_stamp_s},
         {"last_line", log.last_line},     {"line_count", log.line_count}};
  j["events"] = Json::array();
  for (const auto& e : log.events) {
    j["events"].push_back({{"kind", e.kind},
                           {"title", e.title},
                           {"function", e.function},
                           {"first_line", e.first_line},
                           {"last_line", e.last_line},
                           {"count", e.count},
                           {"text", e.text},
                           {"owner", e.owner},
                           {"fatal", e.fatal}});
    for (const auto& l : e.lines)
      j["events"].back()["lines"].push_back({{"frame", l.frame},
                                             {"function", l.function},
                                             {"file", l.file},
                                             {"line", l.line},
                                             {"inlined", l.inlined}});
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::console
