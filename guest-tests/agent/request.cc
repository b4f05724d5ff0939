// SPDX-License-Identifier: GPL-2.0
#include "request.h"

namespace pinrig::agent {
namespace {

using nlohmann::json;

bool same_kind(const json& example, const json& value) {
  if (example.is_boolean()) return value.is_boolean();
  if (example.is_string()) return value.is_string();
  if (example.is_number_unsigned()) return value.is_number_unsigned();
  // No message has a float from the host; converting one that does not fit an int would be undefined.
  if (example.is_number_integer()) return value.is_number_integer();
  if (example.is_array()) return value.is_array();
  return value.is_object();
}

// Empty when every key of `example` that `value` has is of the example's type; else what is wrong with which.
std::string mismatch(const json& example, const json& value, const std::string& where) {
  if (!same_kind(example, value)) return where + " has the wrong type: " + value.type_name();
  if (example.is_array()) {
    for (const auto& element : value) {
      if (auto wrong = mismatch(example.front(), element, where + "[]"); !wrong.empty()) return wrong;
    }
    return {};
  }
  if (!example.is_object()) return {};
  // A map has the example key "*": every key of the value is an entry.
  if (example.contains("*")) {
    for (const auto& [key, element] : value.items()) {
      if (auto wrong = mismatch(example.at("*"), element, where + "." + key); !wrong.empty()) return wrong;
    }
    return {};
  }
  for (const auto& [key, element] : example.items()) {
    const auto found = value.find(key);
    if (found == value.end()) continue;
    if (auto wrong = mismatch(element, *found, where + "." + key); !wrong.empty()) return wrong;
  }
  return {};
}

template <typename Message>
Request convert(const Message& example, const json& value) {
  if (auto wrong = mismatch(json(example), value, example.type); !wrong.empty()) return BadRequest{wrong};
  return value.get<Message>();
}

wire::Setup setup_example() {
  wire::Setup setup;
  setup.mounts.emplace_back();
  setup.drives.emplace_back();
  return setup;
}

wire::Run run_example() {
  wire::Run run;
  run.argv.emplace_back();
  run.env["*"] = "";
  return run;
}

Request check_run(Request request) {
  const auto* run = std::get_if<wire::Run>(&request);
  if (!run) return request;
  if (run->id == 0) return BadRequest{"run.id is 0, which means no test"};
  if (run->argv.empty() || run->argv.front().empty()) return BadRequest{"run.argv names no program"};
  return request;
}

}  // namespace

Request parse_request(std::string_view payload) {
  const json value = json::parse(payload, nullptr, false);
  if (value.is_discarded()) return BadRequest{"no JSON"};
  if (!value.is_object()) return BadRequest{std::string("not an object but: ") + value.type_name()};
  const auto type = value.find("type");
  if (type == value.end() || !type->is_string()) return BadRequest{"no type"};
  const auto& name = type->get_ref<const std::string&>();
  if (name == "setup") return convert(setup_example(), value);
  if (name == "hold_control") return convert(wire::HoldControl{}, value);
  if (name == "run") return check_run(convert(run_example(), value));
  if (name == "host_action_done") return convert(wire::HostActionDone{}, value);
  if (name == "power_off") return convert(wire::PowerOff{}, value);
  return BadRequest{"unknown type: " + name};
}

std::string dump(const nlohmann::json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace pinrig::agent
