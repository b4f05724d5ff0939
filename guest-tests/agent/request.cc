// SPDX-License-Identifier: GPL-2.0
#include "request.h"

#include <concepts>
#include <map>
#include <utility>
#include <vector>

namespace pinrig::agent {
namespace {

using nlohmann::json;

// Each of these takes a value of the right type into `out`; else it says where the wrong one is, and what it
// is.
using Wrong = std::string;

Wrong wrong(const std::string& where, const json& value) {
  return where + " has the wrong type: " + value.type_name();
}

struct Nothing {
  void operator()(const char*, auto&) const {}
};
template <typename T>
concept HasFields = requires(T& message, Nothing visit) {
  each_field(message, visit);
};

template <HasFields Message>
Wrong take(const json& value, Message& out, const std::string& where);

Wrong take(const json& value, std::string& out, const std::string& where) {
  if (!value.is_string()) return wrong(where, value);
  out = value.get_ref<const std::string&>();
  return {};
}

template <std::integral Number>
Wrong take(const json& value, Number& out, const std::string& where) {
  if constexpr (std::is_same_v<Number, bool>) {
    if (!value.is_boolean()) return wrong(where, value);
    out = value.get_ref<const bool&>();
    return {};
  } else {
    // What is not negative is kept as unsigned, whatever the field is. A float has no place in a request.
    const auto* natural = value.get_ptr<const json::number_unsigned_t*>();
    const auto* negative = value.get_ptr<const json::number_integer_t*>();
    if (!(natural ? std::in_range<Number>(*natural) : negative && std::in_range<Number>(*negative)))
      return wrong(where, value);
    out = natural ? static_cast<Number>(*natural) : static_cast<Number>(*negative);
    return {};
  }
}

template <typename Element>
Wrong take(const json& value, std::vector<Element>& out, const std::string& where) {
  if (!value.is_array()) return wrong(where, value);
  for (const auto& element : value) {
    if (Wrong w = take(element, out.emplace_back(), where + "[]"); !w.empty()) return w;
  }
  return {};
}

Wrong take(const json& value, std::map<std::string, std::string>& out, const std::string& where) {
  if (!value.is_object()) return wrong(where, value);
  for (auto entry = value.begin(); entry != value.end(); ++entry) {
    if (Wrong w = take(*entry, out[entry.key()], where + "." + entry.key()); !w.empty()) return w;
  }
  return {};
}

template <HasFields Message>
Wrong take(const json& value, Message& out, const std::string& where) {
  if (!value.is_object()) return wrong(where, value);
  Wrong first;
  each_field(out, [&](const char* name, auto& field) {
    const auto found = value.find(name);
    if (found != value.end() && first.empty()) first = take(*found, field, where + "." + name);
  });
  return first;
}

template <typename Message>
Request convert(const json& value) {
  Message message;
  Wrong w = take(value, message, message.type);
  if (!w.empty()) return BadRequest{std::move(w)};
  return message;
}

Request check_run(Request request) {
  const auto* run = std::get_if<wire::Run>(&request);
  if (!run) return request;
  if (run->id == 0) return BadRequest{"run.id is 0, which means no test"};
  if (run->argv.empty() || run->argv.front().empty()) return BadRequest{"run.argv is empty"};
  return request;
}

}  // namespace

Request parse_request(std::string_view payload) {
  const json value = json::parse(payload, nullptr, false);
  if (value.is_discarded()) return BadRequest{"no JSON"};
  if (!value.is_object()) return BadRequest{std::string("expected an object, got: ") + value.type_name()};
  const auto type = value.find("type");
  if (type == value.end() || !type->is_string()) return BadRequest{"missing type"};
  const auto& name = type->get_ref<const std::string&>();
  if (name == "setup") return convert<wire::Setup>(value);
  if (name == "run") return check_run(convert<wire::Run>(value));
  if (name == "host_action_done") return convert<wire::HostActionDone>(value);
  if (name == "power_off") return convert<wire::PowerOff>(value);
  return BadRequest{"unknown type: " + name};
}

std::string dump(const nlohmann::json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace pinrig::agent
