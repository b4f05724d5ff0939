// SPDX-License-Identifier: GPL-2.0
#include "verdict/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "verdict/test_end.h"
#include "wire/cut.h"
#include "wire/frame.h"
#include "wire/host_action.h"
#include "wire/line_counters.h"
#include "wire/sane.h"

namespace pinrig::verdict {
namespace {

using nlohmann::json;

/// Tests that began in one guest, as far as they are told apart: with `sent` there are far fewer, without it
/// a guest may name as many as it likes.
constexpr std::size_t max_tests = 4096;
/// Of one record: a test that forges goes on forging.
constexpr std::size_t max_findings = 8;
/// Bytes of a text of the guest that is quoted, and entries of a list of such texts.
constexpr std::size_t max_quote = 200;
constexpr std::size_t max_listed = 50;
/// Of an entry of Results::line_counters, so that a flood of empty ones has an end.
constexpr std::size_t counters_overhead = 256;

}  // namespace

struct ResultsReader::Impl {
  /// `sent`: null when it is not known.
  explicit Impl(const std::vector<SentTest>* sent) : sent_(sent) {}

  void feed(std::string_view piece) {
    total_ += piece.size();
    if (damaged_at_) return;
    rest_ += piece;
    wire::Decoder decoder(rest_);
    while (const auto frame = decoder.next()) take(*frame);
    const std::size_t left = decoder.rest().size();
    if (decoder.corrupt()) damaged_at_ = total_ - left;
    rest_.erase(0, rest_.size() - left);
  }

  Results finish() {
    if (damaged_at_)
      problem(fmt::format("damaged frame at byte {} of {}: nothing after it was read", *damaged_at_, total_));
    else if (!rest_.empty())
      problem(fmt::format("the last frame is truncated after {} bytes", rest_.size()));
    if (sent_ != nullptr) compare_ends();
    return std::move(results_);
  }

 private:
  struct Running {
    std::size_t record = 0;
    bool ended = false;
    bool cut = false;
    std::size_t counters = 0;  // bytes of its line counters
  };

  void problem(std::string text) {
    constexpr std::size_t most = 100;
    if (results_.problems.size() == most) text = "further problems are omitted";
    if (results_.problems.size() <= most) results_.problems.push_back(std::move(text));
  }

  static void forged(model::TestRecord& record, const std::string& text) {
    if (record.findings.size() < max_findings)
      record.findings.push_back({model::RecordFinding::Kind::forged, text});
  }

  /// The agent writes no such thing; the test that runs may have.
  void accuse(const std::string& text) {
    std::erase_if(running_, [&](std::uint32_t id) {
      const Running& test = tests_.at(id);
      model::TestRecord& record = results_.records[test.record];
      if (!test.ended) forged(record, "a forged message in the results: " + text);
      return test.ended || record.findings.size() >= max_findings;
    });
    problem(text);
  }

  void take(const wire::Frame& frame) {
    if (frame.kind == wire::Kind::json) return message(frame.payload);
    const auto it = tests_.find(frame.test_id);
    if (it == tests_.end() || it->second.ended) {
      if (stray_.size() < max_tests && stray_.insert(frame.test_id).second) {
        problem(fmt::format("output of test id {}, which {}", frame.test_id,
                            it == tests_.end() ? "never began" : "had ended already"));
      }
      return;
    }
    model::TestRecord& record = results_.records[it->second.record];
    std::string& stream = frame.kind == wire::Kind::out ? record.output : record.errors;
    const std::size_t room = max_stream - std::min(max_stream, stream.size());
    stream.append(frame.payload.substr(0, room));
    if (frame.payload.size() <= room || std::exchange(it->second.cut, true)) return;
    problem(fmt::format("{} wrote more than {} MiB: the rest is dropped", record.name, max_stream >> 20));
    // Twice what the agent lets through: it wrote to the port itself, and what is dropped may say "not ok".
    forged(record, "it wrote past the agent, and the rest is dropped");
  }

  void message(std::string_view text) {
    try {
      const json j = json::parse(text);
      if (!wire::sane_numbers(j)) return accuse("a message with an invalid number or nesting");
      dispatch(j, j.at("type").get<std::string>());
    } catch (const json::exception& e) {
      // It may quote the message, which is up to a MiB of anything.
      accuse("invalid message: " + shown(std::string_view(e.what()).substr(0, max_quote)));
    }
  }

  void dispatch(const json& j, const std::string& type) {
    if (type == "hello") return keep(results_.hello, j, type);
    if (type == "setup_done") return add_setup(j.get<wire::SetupDone>());
    if (type == "hold_result") return keep(results_.hold, j, type);
    if (type == "test_begin") return begin(j.get<wire::TestBegin>());
    if (type == "test_end") return end(j.get<wire::TestEnd>());
    if (type == wire::LineCounters().type) return add_counters(j.get<wire::LineCounters>());
    // Kept for whoever reads the file: the test says in its own words what came of it.
    if (type == wire::HostAction().type || type == wire::HostActionDone().type) return;
    // Of the host, after an earlier reading. A test that writes it gains nothing: it changes no record.
    if (type == wire::Cut().type)
      return problem(fmt::format("{} bytes of the results were cut out here", j.get<wire::Cut>().bytes));
    if (type == wire::Refusal().type)
      return problem("the agent refused a request: " + j.get<wire::Refusal>().why.substr(0, 200));
    accuse(fmt::format("unknown message type \"{}\"", type.substr(0, 60)));
  }

  // The guest is set up piece by piece, as its tests need it.
  void add_setup(const wire::SetupDone& done) {
    if (!results_.setup) results_.setup.emplace();
    auto& all = *results_.setup;
    for (const auto& p : done.problems) {
      if (all.problems.size() < max_listed) all.problems.push_back(p.substr(0, max_quote));
    }
    for (const auto& [name, path] : done.devices) {
      if (all.devices.size() < max_listed)
        all.devices.emplace(name.substr(0, max_quote), path.substr(0, max_quote));
    }
  }

  template <typename T>
  void keep(std::optional<T>& slot, const json& j, const std::string& type) {
    if (slot) return accuse(fmt::format("duplicate message \"{}\": the first counts", type));
    slot = j.get<T>();
  }

  const SentTest* sent(std::uint32_t id) const {
    const auto it = std::find_if(sent_->begin(), sent_->end(), [&](const SentTest& t) { return t.id == id; });
    return it == sent_->end() ? nullptr : &*it;
  }

  void begin(const wire::TestBegin& b) {
    const std::string name = b.name.substr(0, 80);
    if (b.id == 0 || b.name.empty()) return accuse("a test began without an id or a name");
    if (tests_.contains(b.id))
      return accuse(fmt::format("{} began with id {}, which is already in use", name, b.id));
    if (names_.contains(b.name)) return accuse(fmt::format("{} began twice: the first time counts", name));
    if (tests_.size() >= max_tests) return accuse(fmt::format("more than {} tests began", max_tests));
    if (sent_) {
      const SentTest* asked = sent(b.id);
      if (!asked || asked->name != b.name)
        return accuse(
            fmt::format("\"{}\" began with id {}, which was not requested from this guest", name, b.id));
    }
    names_.insert(b.name);
    add_record(b.id, b.name);
    running_.push_back(b.id);
  }

  model::TestRecord& add_record(std::uint32_t id, const std::string& name) {
    tests_[id] = Running{results_.records.size(), false};
    model::TestRecord& record = results_.records.emplace_back();
    record.name = name;
    record.exit = {model::TestExit::Kind::lost, 0};
    return record;
  }

  void end(const wire::TestEnd& e) {
    const auto it = tests_.find(e.id);
    if (it == tests_.end()) return accuse(fmt::format("test id {} ended but never began", e.id));
    model::TestRecord& record = results_.records[it->second.record];
    if (it->second.ended) {
      forged(record, "it ended twice");
      return accuse(fmt::format("test id {} ended twice: the first time counts", e.id));
    }
    it->second.ended = true;
    const SentTest* asked = sent_ ? sent(e.id) : nullptr;
    if (asked && !asked->end)
      return problem(
          fmt::format("{}: its end is in the results, but the agent did not report it", record.name));
    fill_record(e, record);
    if (asked && json(*asked->end) != json(e))
      record.findings.push_back({model::RecordFinding::Kind::ends_differ,
                                 "its end in the results differs from what the agent reported"});
  }

  /// They come between a test's output and its end.
  void add_counters(const wire::LineCounters& c) {
    const auto it = tests_.find(c.id);
    if (it == tests_.end() || it->second.ended)
      return accuse(fmt::format("counters of test id {}, which does not run", c.id));
    const model::TestRecord& record = results_.records[it->second.record];
    const std::size_t bytes = c.data.size() + c.object.size() + counters_overhead;
    if (it->second.counters + bytes > max_stream)
      return problem(fmt::format("{} has more than {} MiB of counters: the rest is dropped", record.name,
                                 max_stream >> 20));
    it->second.counters += bytes;
    if (!results_.line_counters[record.name].emplace(c.object, c.data).second)
      accuse(fmt::format("counters of {} came twice", c.object.substr(0, 200)));
  }

  /// What the agent told the host of and did not write, or was not read behind damage.
  void compare_ends() {
    for (const SentTest& t : *sent_) {
      if (!t.end) continue;
      const auto it = tests_.find(t.id);
      if (it != tests_.end() && it->second.ended) continue;
      model::TestRecord& record =
          it == tests_.end() ? add_record(t.id, t.name) : results_.records[it->second.record];
      record.findings.push_back({model::RecordFinding::Kind::no_end,
                                 "the agent reported its end, but the results do not contain it"});
    }
  }

  const std::vector<SentTest>* sent_;
  std::string rest_;  // a frame of which only a part is there
  std::size_t total_ = 0;
  std::optional<std::size_t> damaged_at_;
  Results results_;
  std::map<std::uint32_t, Running> tests_;
  std::vector<std::uint32_t> running_;  // ids of those that may still be accused
  std::set<std::string> names_;
  std::set<std::uint32_t> stray_;
};

ResultsReader::ResultsReader(const std::vector<SentTest>* sent) : impl_(std::make_unique<Impl>(sent)) {}
ResultsReader::~ResultsReader() = default;
void ResultsReader::feed(std::string_view piece) { impl_->feed(piece); }
Results ResultsReader::finish() { return impl_->finish(); }

}  // namespace pinrig::verdict
