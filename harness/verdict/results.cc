// SPDX-License-Identifier: GPL-2.0
#include "verdict/results.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "verdict/test_end.h"
#include "wire/frame.h"
#include "wire/host_action.h"

namespace pinrig::verdict {
namespace {

using nlohmann::json;

/// Casting a huge double to an integer is undefined; no message needs one, nor any deep nesting.
bool sane_numbers(const json& j, int depth = 0) {
  if (depth > 8) return false;
  if (j.is_number_float()) return std::abs(j.get<double>()) < 1e15;
  if (!j.is_structured()) return true;
  for (const auto& item : j) {
    if (!sane_numbers(item, depth + 1)) return false;
  }
  return true;
}

class Reader {
 public:
  Results run(std::string_view raw) {
    wire::Decoder decoder(raw);
    while (const auto frame = decoder.next()) take(*frame);
    const std::size_t left = decoder.rest().size();
    if (decoder.corrupt()) {
      problem(fmt::format("damaged frame at byte {} of {}: nothing after it was read", raw.size() - left,
                          raw.size()));
    } else if (left > 0) {
      problem(fmt::format("the last frame is cut off: {} bytes of it are there", left));
    }
    return std::move(results_);
  }

 private:
  struct Running {
    std::size_t record = 0;
    bool ended = false;
  };

  void problem(std::string text) {
    constexpr std::size_t most = 100;
    if (results_.problems.size() == most) text = "further problems are left out";
    if (results_.problems.size() <= most) results_.problems.push_back(std::move(text));
  }

  void take(const wire::Frame& frame) {
    if (frame.kind == wire::Kind::json) return message(frame.payload);
    const auto it = tests_.find(frame.test_id);
    if (it == tests_.end() || it->second.ended) {
      if (stray_.insert(frame.test_id).second) {
        problem(fmt::format("output of test id {}, which {}", frame.test_id,
                            it == tests_.end() ? "never began" : "had ended already"));
      }
      return;
    }
    model::TestRecord& record = results_.records[it->second.record];
    (frame.kind == wire::Kind::out ? record.output : record.errors).append(frame.payload);
  }

  void message(std::string_view text) {
    try {
      const json j = json::parse(text);
      if (!sane_numbers(j)) return problem("a message with a number or a nesting that cannot be");
      dispatch(j, j.at("type").get<std::string>());
    } catch (const json::exception& e) {
      problem(fmt::format("a message that cannot be read: {}", e.what()));
    }
  }

  void dispatch(const json& j, const std::string& type) {
    if (type == "hello") return keep(results_.hello, j, type);
    if (type == "setup_done") return add_setup(j.get<wire::SetupDone>());
    if (type == "hold_result") return keep(results_.hold, j, type);
    if (type == "test_begin") return begin(j.get<wire::TestBegin>());
    if (type == "test_end") return end(j.get<wire::TestEnd>());
    // Kept for whoever reads the file: the test says in its own words what came of it.
    if (type == wire::HostAction().type || type == wire::HostActionDone().type) return;
    if (type == wire::Refusal().type)
      return problem("the agent refused a request: " + j.get<wire::Refusal>().why.substr(0, 200));
    problem(fmt::format("a message of the unknown type \"{}\"", type.substr(0, 60)));
  }

  // The guest is set up piece by piece, as its tests need it.
  void add_setup(const wire::SetupDone& done) {
    if (!results_.setup) results_.setup.emplace();
    auto& all = *results_.setup;
    all.problems.insert(all.problems.end(), done.problems.begin(), done.problems.end());
    all.devices.insert(done.devices.begin(), done.devices.end());
  }

  template <typename T>
  void keep(std::optional<T>& slot, const json& j, const std::string& type) {
    if (slot) return problem(fmt::format("a second message \"{}\": the first counts", type));
    slot = j.get<T>();
  }

  void begin(const wire::TestBegin& b) {
    if (b.id == 0 || b.name.empty()) return problem("a test began without an id or a name");
    if (tests_.contains(b.id))
      return problem(fmt::format("{} began with id {}, which is taken", b.name, b.id));
    if (!names_.insert(b.name).second)
      return problem(fmt::format("{} began twice: the first time counts", b.name));
    tests_[b.id] = Running{results_.records.size(), false};
    model::TestRecord record;
    record.name = b.name;
    record.exit = {model::TestExit::Kind::lost, 0};
    results_.records.push_back(std::move(record));
  }

  void end(const wire::TestEnd& e) {
    const auto it = tests_.find(e.id);
    if (it == tests_.end()) return problem(fmt::format("test id {} ended and never began", e.id));
    if (it->second.ended) return problem(fmt::format("test id {} ended twice: the first time counts", e.id));
    it->second.ended = true;
    for (auto& text : fill_record(e, results_.records[it->second.record])) problem(std::move(text));
  }

  Results results_;
  std::map<std::uint32_t, Running> tests_;
  std::set<std::string> names_;
  std::set<std::uint32_t> stray_;
};

}  // namespace

Results read_results(std::string_view raw) { return Reader().run(raw); }

}  // namespace pinrig::verdict
