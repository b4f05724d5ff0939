// SPDX-License-Identifier: GPL-2.0
#include "git/mail_text.h"

#include "base/text.h"
#include "git/patch_text.h"

namespace pinrig::git {

std::string header_of(std::string_view mail, std::string_view key) {
  std::string out;
  bool inside = false;
  for (const auto line : lines(mail)) {
    if (line.empty()) break;
    const bool continued = line.front() == ' ' || line.front() == '\t';
    if (inside && continued) {
      out += " " + std::string(trim(line));
      continue;
    }
    if (inside) break;
    inside = lower(line.substr(0, key.size())) == key;
    if (inside) out = trim(line.substr(key.size()));
  }
  return out;
}

std::string message_id_of(std::string_view mail) {
  std::string id = header_of(mail, "message-id:");
  std::erase_if(id, [](char c) { return c == '<' || c == '>' || c == ' '; });
  return id;
}

}  // namespace pinrig::git
