// SPDX-License-Identifier: GPL-2.0
// guest-tests/map.yaml
#include <algorithm>

#include "base/text.h"
#include "spec/places.h"
#include "spec/rows.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::MapRow;

MapRow read_row(Reader& r, const Node& n) {
  MapRow row;
  row.where = r.where(n);
  const Fields f(r, n, Section::path_row);
  if (!r.ok()) return row;
  if (const Node* v = f.need("id")) row.id = r.word(*v, "id");
  if (const Node* v = f.need("what")) row.what = r.text(*v, "what");
  set(f, "not_testable", row.not_testable, [&](const Node& v) { return r.text(v, "not_testable"); });
  return row;
}

}  // namespace

Result<std::vector<MapRow>> load_map(const fs::path& project) {
  const fs::path file = project / "guest-tests/map.yaml";
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::path_map);
  std::vector<MapRow> out;
  const Node* list = r.ok() ? f.need("rows") : nullptr;
  if (list == nullptr) return r.error();
  for (const auto& item : r.list(*list, "rows")) {
    MapRow row = read_row(r, item);
    const auto same = std::find_if(out.begin(), out.end(), [&](const MapRow& o) { return o.id == row.id; });
    if (r.ok() && same != out.end())
      r.fail(item, fmt::format("duplicate row '{}'; first defined in line {}", row.id, same->where.line));
    out.push_back(std::move(row));
  }
  if (!r.ok()) return r.error();
  return out;
}

void check_row(Reader& r, const Node& n, const std::vector<MapRow>& map) {
  if (!r.ok()) return;
  const auto row = std::find_if(map.begin(), map.end(), [&](const MapRow& m) { return m.id == n.text; });
  if (row == map.end()) {
    std::vector<std::string> ids;
    for (const auto& m : map) ids.push_back(m.id);
    r.fail(n, fmt::format("rows: no row '{}' in the map{}", n.text, did_you_mean(n.text, ids)),
           "guest-tests/map.yaml lists the rows");
  } else if (!row->not_testable.empty()) {
    r.fail(n, fmt::format("rows: '{}' is marked not testable in the map: {}", n.text, row->not_testable),
           "remove the row here or 'not_testable' there");
  }
}

}  // namespace pinrig::spec
