// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "job/testing.h"
#include "operations.h"
#include "run/leftovers.h"
#include "run/record.h"
#include "run/run_file.h"
#include "store/store.h"

namespace pinrig::faults {
namespace {

fs::path database(const fs::path& dir) { return dir / "results.db"; }

store::RunRow run_row() {
  store::RunRow r;
  r.id = "run";
  r.spec = "default";
  r.started = "2026-11-21T01:02:03Z";
  r.dir = "/nowhere";
  r.host = "{}";
  return r;
}

store::KernelRow kernel_row() {
  store::KernelRow k;
  k.run_id = "run";
  k.id = "k";
  return k;
}

store::GuestRow guest_row() {
  store::GuestRow g;
  g.run_id = "run";
  g.kernel_id = "k";
  g.id = "g";
  return g;
}

Result<store::Store> open_in(const fs::path& dir) { return store::Store::open(database(dir)); }

void begin_in(const fs::path& dir) {
  auto s = open_in(dir);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  ASSERT_TRUE(s->begin_run(run_row(), {kernel_row()}, {guest_row()}).has_value());
}

Operation creates_the_store() {
  return {"creates_the_store",
          "results.db is made",
          "a database that opens, or none",
          true,
          [](const fs::path&) {},
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(s, open_in(dir));
            PINRIG_TRY(runs, s.runs(1));
            return {};
          },
          [](const fs::path& dir, bool) {
            auto s = open_in(dir);
            ASSERT_TRUE(s.has_value()) << s.error().message;
            EXPECT_TRUE(s->runs(1).has_value());
          }};
}

Operation begins_a_run() {
  return {"begins_a_run",
          "a run and its plan are written to results.db",
          "no row of the run, or all",
          true,
          [](const fs::path& dir) { ASSERT_TRUE(open_in(dir).has_value()); },
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(s, open_in(dir));
            PINRIG_TRY(there, s.find_run("run"));
            if (there) return {};
            return s.begin_run(run_row(), {kernel_row()}, {guest_row()});
          },
          [](const fs::path& dir, bool succeeded) {
            auto s = open_in(dir);
            ASSERT_TRUE(s.has_value()) << s.error().message;
            const auto row = s->find_run("run");
            ASSERT_TRUE(row.has_value()) << row.error().message;
            if (succeeded) {
              EXPECT_TRUE(row->has_value());
            }
            const std::size_t rows = *row ? 1 : 0;
            EXPECT_EQ(s->kernels("run").value().size(), rows);
            EXPECT_EQ(s->guests("run").value().size(), rows);
          }};
}

Operation ends_a_guest() {
  return {"ends_a_guest",
          "a guest's end, results and events are written to results.db",
          "the guest as planned, or its end with all results",
          true,
          [](const fs::path& dir) { begin_in(dir); },
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(s, open_in(dir));
            auto g = guest_row();
            g.outcome = model::JobOutcome{model::JobOutcome::Kind::completed, model::Phase::none, ""};
            std::vector<model::AssessedResult> rows(20);
            for (std::size_t i = 0; i < rows.size(); ++i) {
              rows[i].result.verdict.test = "a/" + std::to_string(i);
              rows[i].result.verdict.detail = std::string(2000, 'd');
            }
            return s.end_guest(g, {}, rows, {});
          },
          [](const fs::path& dir, bool succeeded) {
            auto s = open_in(dir);
            ASSERT_TRUE(s.has_value()) << s.error().message;
            const auto guests = s->guests("run");
            ASSERT_TRUE(guests.has_value() && guests->size() == 1);
            const bool ended = guests->at(0).outcome.has_value();
            if (succeeded) {
              EXPECT_TRUE(ended);
            }
            EXPECT_EQ(s->results("run", "g").value().size(), ended ? 20U : 0U);
          }};
}

Operation deletes_a_run() {
  return {"deletes_a_run",
          "a run is removed from results.db",
          "all rows of the run, or none",
          true,
          [](const fs::path& dir) { begin_in(dir); },
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(s, open_in(dir));
            return s.delete_run("run");
          },
          [](const fs::path& dir, bool succeeded) {
            auto s = open_in(dir);
            ASSERT_TRUE(s.has_value()) << s.error().message;
            const bool there = s->find_run("run").value().has_value();
            if (succeeded) {
              EXPECT_FALSE(there);
            }
            EXPECT_EQ(s->guests("run").value().size(), there ? 1U : 0U);
          }};
}

/// The folder of a run, run.json and the plan.
Operation records_a_run() {
  return {"records_a_run",
          "run.json and the plan of a run are written",
          "whatever results.db lists has its run.json, for --resume",
          true,
          [](const fs::path&) {},
          [](const fs::path& dir) -> Result<void> {
            CancelToken cancel;
            job::Listener listener;
            const job::Services services{Paths{dir / "project", dir / "cache", dir / "state"}, cancel,
                                         listener, 1};
            run::Inputs in;
            in.spec.name = "default";
            in.spec.archs.clear();
            in.base.name = "debian-6.12";
            in.base.source = model::KernelBase::Git{"/linux", "v6.12"};
            plan::Plan plan;
            plan.kernels.emplace_back();
            plan.kernels.back().id = "base-x86_64";
            PINRIG_TRY(store, run::open_store(services.paths));
            PINRIG_TRY(record, run::RunRecord::begin(std::move(store), {}, in, {}, plan, services));
            return {};
          },
          [](const fs::path& dir, bool succeeded) {
            auto s = store::Store::open(dir / "state/results.db");
            ASSERT_TRUE(s.has_value()) << s.error().message;
            const auto runs = s->runs(10);
            ASSERT_TRUE(runs.has_value());
            if (succeeded) {
              EXPECT_FALSE(runs->empty());
            }
            for (const auto& row : *runs) {
              const auto recorded = run::read_run_file(fs::path(row.dir) / "run.json");
              EXPECT_TRUE(recorded.has_value()) << recorded.error().message;
            }
          }};
}

}  // namespace

std::vector<Operation> store_operations() {
  return {creates_the_store(), begins_a_run(), ends_a_guest(), deletes_a_run(), records_a_run()};
}

}  // namespace pinrig::faults
