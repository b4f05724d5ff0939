// SPDX-License-Identifier: GPL-2.0
#include "kbuild/absent.h"

#include <array>
#include <nlohmann/json.hpp>

namespace pinrig::kbuild {
namespace {

constexpr const char* file_name = "absent.json";

Error damaged(const fs::path& file, const std::string& why) {
  return make_error(ErrorKind::infra, file.string() + ": " + why,
                    "remove " + file.parent_path().parent_path().string() + "; it is then rebuilt");
}

}  // namespace

const char* to_string(Absent::Kind kind) {
  return kind == Absent::Kind::not_in_tree ? "not_in_tree" : "does_not_compile";
}

Result<AbsentPrograms> read_absent(const fs::path& selftests) {
  const fs::path file = selftests / file_name;
  const auto text = read_file(file);
  if (text.has_error()) return damaged(file, text.error().message);
  AbsentPrograms out;
  try {
    const auto parsed = nlohmann::json::parse(*text);  // items() refers to it
    for (const auto& [program, json] : parsed.items()) {
      Absent absent{Absent::Kind::not_in_tree, json.at("detail").get<std::string>()};
      const auto kind = json.at("kind").get<std::string>();
      if (kind == to_string(Absent::Kind::does_not_compile)) {
        absent.kind = Absent::Kind::does_not_compile;
      } else if (kind != to_string(Absent::Kind::not_in_tree)) {
        return damaged(file, "unknown kind \"" + kind + "\"");
      }
      out.emplace(program, std::move(absent));
    }
  } catch (const nlohmann::json::exception& e) {
    return damaged(file, e.what());
  }
  return out;
}

Result<void> write_absent(const fs::path& selftests, const AbsentPrograms& absent) {
  auto json = nlohmann::json::object();
  for (const auto& [program, a] : absent) json[program] = {{"kind", to_string(a.kind)}, {"detail", a.detail}};
  return write_file_atomic(selftests / file_name,
                           json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace pinrig::kbuild
