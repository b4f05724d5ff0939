// SPDX-License-Identifier: GPL-2.0
// Many runs at once: baselines, and what a line of nights is made of.
#include <cstring>

#include "store/binder.h"
#include "store/columns.h"

namespace pinrig::store {
namespace {

using SQLite::Statement;

std::string json_list(const std::vector<std::string>& values) { return nlohmann::json(values).dump(); }

/// Words of a column as values; nearly all rows have the word of the row before.
template <typename T>
class Words {
 public:
  using Parse = std::optional<T> (*)(const std::string&);
  Words(Parse parse, const char* column) : parse_(parse), column_(column) {}
  T operator()(const char* word) {
    if (last_ < seen_.size() && seen_[last_].first == word) return seen_[last_].second;
    for (last_ = 0; last_ < seen_.size(); ++last_) {
      if (seen_[last_].first == word) return seen_[last_].second;
    }
    seen_.emplace_back(word, known_word(parse_(word), word, column_));
    return seen_.back().second;
  }

 private:
  Parse parse_;
  const char* column_;
  std::vector<std::pair<std::string, T>> seen_;
  std::size_t last_ = 0;
};

GuestColumn read_guest_column(Statement& s) {
  Columns c(s);
  GuestColumn g;
  g.run = static_cast<std::size_t>(c.whole());
  g.kernel_id = c.text();
  g.point = c.whole();
  g.label = c.text();
  g.is_tip = c.truth();
  const std::string arch = c.text();
  g.arch = known_word(model::arch_from_string(arch), arch, "kernels.arch");
  g.config.name = c.text();
  g.config.fragments = c.json<std::vector<std::string>>();
  const std::string state = c.text();
  g.state = known_word(kernel_state_from_string(state), state, "kernels.state");
  for (std::string* field : {&g.failure, &g.version, &g.key, &g.accel}) *field = c.text();
  g.guest = c.big();
  return g;
}

std::vector<GuestColumn> read_guests(SQLite::Database& db, const std::vector<RunRow>& runs) {
  std::vector<std::string> ids;
  for (const auto& r : runs) ids.push_back(r.id);
  Statement s(db,
              "SELECT wanted.key, k.kernel_id, k.point, k.label, k.is_tip, k.arch, k.config, k.fragments,"
              " k.state, k.failure, k.version, k.key, coalesce(g.accel, ''), coalesce(g.id, 0)"
              " FROM json_each(?) wanted JOIN kernels k ON k.run_id = wanted.value"
              " LEFT JOIN guests g ON g.kernel = k.id ORDER BY wanted.key, k.id, g.id");
  Binder(s) << json_list(ids);
  return all_rows<GuestColumn>(s, read_guest_column);
}

/// All names, sorted; and for each id of the table its place among them.
std::vector<std::uint32_t> read_names(SQLite::Database& db, std::vector<NameRow>& names) {
  std::vector<std::uint32_t> place;
  Statement s(db, "SELECT id, test, case_name FROM names ORDER BY test, case_name");
  while (s.executeStep()) {
    const auto id = static_cast<std::size_t>(s.getColumn(0).getInt64());
    if (id >= place.size()) place.resize(id + 1);
    place[id] = static_cast<std::uint32_t>(names.size());
    names.push_back({s.getColumn(1).getString(), s.getColumn(2).getString()});
  }
  return place;
}

void read_marks(SQLite::Database& db, const std::vector<std::uint32_t>& place, NightRows& out) {
  Words<model::Verdict> verdict(model::verdict_from_string, "marks.verdict");
  Words<model::Rule> rule(model::rule_from_string, "marks.rule");
  Statement s(db, "SELECT name, verdict, rule FROM marks WHERE guest = ?");
  for (const auto& g : out.guests) {
    auto& marks = out.marks.emplace_back();
    if (g.guest == 0) continue;
    s.reset();
    s.bind(1, g.guest);
    while (s.executeStep()) {
      MarkRow m;
      m.name = place.at(static_cast<std::size_t>(s.getColumn(0).getInt64()));
      m.verdict = verdict(s.getColumn(1).getText());
      const SQLite::Column says = s.getColumn(2);
      if (!says.isNull()) m.rule = rule(says.getText());
      marks.push_back(m);
    }
  }
}

}  // namespace

Result<void> Store::set_baseline(const BaselineRow& baseline) {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, "INSERT OR REPLACE INTO baselines(name, run_id, created, note) VALUES(?,?,?,?)");
    Binder(s) << baseline.name << baseline.run_id << (baseline.created.empty() ? now_utc() : baseline.created)
              << baseline.note;
    s.exec();
  });
}

Result<bool> Store::drop_baseline(const std::string& name) {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, "DELETE FROM baselines WHERE name = ?");
    Binder(s) << name;
    return s.exec() > 0;
  });
}

Result<std::vector<BaselineRow>> Store::baselines() const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, "SELECT name, run_id, created, note FROM baselines ORDER BY name");
    return all_rows<BaselineRow>(s, [](Statement& row) {
      Columns c(row);
      BaselineRow b;
      for (std::string* field : {&b.name, &b.run_id, &b.created, &b.note}) *field = c.text();
      return b;
    });
  });
}

Result<std::vector<RunRow>> Store::line_of(const RunRow& run, int limit) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                std::string(run_columns) +
                    "WHERE spec = ?1 AND base = ?2 AND series = ?3 AND (id = ?5 OR (selection = ?4 AND"
                    " purpose = '' AND faults = 0 AND state = 'finished' AND"
                    " rowid < (SELECT rowid FROM runs WHERE id = ?5))) ORDER BY rowid DESC LIMIT ?6");
    Binder(s) << run.spec << run.base << run.series << run.selection << run.id << limit;
    return all_rows<RunRow>(s, read_run);
  });
}

Result<NightRows> Store::nights(const std::vector<RunRow>& runs) const {
  return guarded(impl_->file, [&] {
    // One state of the database, whatever a run writes meanwhile.
    SQLite::Transaction all(impl_->db);
    NightRows out;
    out.guests = read_guests(impl_->db, runs);
    const auto place = read_names(impl_->db, out.names);
    read_marks(impl_->db, place, out);
    all.commit();
    return out;
  });
}

Result<std::vector<MeasureRow>> Store::measures(const std::vector<std::int64_t>& guests) const {
  return guarded(impl_->file, [&] {
    std::vector<MeasureRow> out;
    Statement s(
        impl_->db,
        "SELECT test, case_name <> '', wall_s, ledger, acquired_before, released_before, acquired_after,"
        " released_after, settled_before, settled_after, settle_ms, claim_mode, claim_pages, claim_skew"
        " FROM results WHERE guest = ? ORDER BY seq");
    for (const auto guest : guests) {
      s.reset();
      s.bind(1, guest);
      while (s.executeStep()) {
        Columns c(s);
        MeasureRow m;
        m.guest = guest;
        m.test = c.text();
        if (c.truth()) {
          if (!out.empty() && out.back().guest == guest && out.back().test == m.test) ++out.back().cases;
          continue;
        }
        m.wall_s = c.real();
        m.ledger = read_ledger(c);
        out.push_back(std::move(m));
      }
    }
    return out;
  });
}

Result<std::vector<HistoryRow>> Store::history(const std::string& test, const std::string& case_name,
                                               const std::vector<std::int64_t>& guests) const {
  return guarded(impl_->file, [&] {
    std::vector<HistoryRow> out;
    Statement s(impl_->db, std::string("SELECT ") + result_columns +
                               " FROM names n JOIN marks m ON m.name = n.id AND m.guest = ?3"
                               " JOIN results r ON r.guest = m.guest AND r.seq = m.seq"
                               " WHERE n.test = ?1 AND n.case_name = ?2");
    for (const auto guest : guests) {
      s.reset();
      Binder(s) << test << case_name << guest;
      if (!s.executeStep()) continue;
      Columns c(s);
      out.push_back({guest, read_result(c)});
    }
    return out;
  });
}

}  // namespace pinrig::store
