// SPDX-License-Identifier: GPL-2.0
// One list of fields for each message: the library's conversions for the host, and each_field() for the
// agent, which must check a value's type before it converts it.
#pragma once

#include <nlohmann/json.hpp>

/// In the namespace of `Type`: to_json() and from_json(), where a missing key leaves the default, and
/// each_field(message, visit), which calls visit(name, field) for every field in turn.
#define PINRIG_MESSAGE(Type, ...)                                                \
  NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Type, __VA_ARGS__)             \
  template <typename Visit>                                                      \
  void each_field([[maybe_unused]] Type& message, Visit visit) {                 \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(PINRIG_MESSAGE_FIELD, __VA_ARGS__)) \
  }
#define PINRIG_MESSAGE_FIELD(field) visit(#field, message.field);
