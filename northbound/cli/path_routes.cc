#include "northbound/cli/path_routes.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/compute/disjoint_pair.h"
#include "controller/compute/explicit_path.h"
#include "northbound/cli/path_offline.h"
#include "northbound/cli/whole_file.h"

namespace waymark::cli {
namespace {

// Answers that may wait for one that comes before them, a thread.
constexpr size_t kAheadPerThread = 4;

// One field of RFC 4180.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + '"';
}

// The rows of all sources to one destination.
class Rows {
 public:
  // Of one destination. `open`: the same without maintenance; null where there is none.
  Rows(const GraphFile& file, const PathConstraints& constraints, const SearchGraph& graph,
       const SearchGraph* open, const std::function<absl::Status()>& go_on)
      : file_(file), constraints_(constraints), graph_(graph), open_(open), go_on_(go_on) {}

  absl::Status To(int32_t destination) {
    const NodeId to = file_.NodeAt(destination);
    PathSearch search(graph_, to);
    if (open_ != nullptr) without_maintenance_.emplace(*open_, to);
    const int32_t nodes = static_cast<int32_t>(file_.snapshot().nodes().size());
    for (int32_t source = 0; source < nodes; ++source) {
      if (source == destination) continue;
      if (absl::Status status = go_on_(); !status.ok()) return status;
      ends_ = absl::StrCat(source, ",", destination, ",");
      ++summary.pairs;
      if (constraints_.protection.any()) {
        Pair(search, file_.NodeAt(source));
      } else {
        Single(search, file_.NodeAt(source));
      }
    }
    return go_on_();
  }

  std::string text;
  RoutesSummary summary;

 private:
  void Single(PathSearch& search, NodeId from) {
    const PathResult result = search.Run(from);
    if (result.outcome == Outcome::kFound) return Row("working", &result.path, "");
    Row("working", nullptr, WhyNone(result, search, from));
  }

  std::string WhyNone(const PathResult& result, const PathSearch& search, NodeId from) {
    if (result.outcome == Outcome::kBudgetSpent) {
      ++summary.undecided;
      return "work budget spent; not proven";
    }
    ++summary.unreachable;
    if (!Connected(from, search.target())) return "unreachable";
    if (without_maintenance_ && without_maintenance_->Run(from).outcome == Outcome::kFound) {
      return "in maintenance";
    }
    return "no path meets the constraints";
  }

  // By links, whatever is asked of them.
  bool Connected(NodeId from, NodeId to) {
    if (connected_.empty()) {
      connected_.resize(file_.snapshot().nodes().size());
      connected_[Index(to)] = true;
      for (std::vector<NodeId> reached = {to}; !reached.empty();) {
        const NodeId node = reached.back();
        reached.pop_back();
        for (const LinkId link : file_.snapshot().in_links(node)) {
          const NodeId source = file_.snapshot().link(link).source;
          if (connected_[Index(source)]) continue;
          connected_[Index(source)] = true;
          reached.push_back(source);
        }
      }
    }
    return connected_[Index(from)];
  }

  void Pair(PathSearch& search, NodeId from) {
    WorkLimit limit;
    limit.stop = [this] { return !go_on_().ok(); };
    const PairResult result =
        DisjointPair(search, constraints_.protection, from, PairOptionsOf(constraints_, limit));
    if (result.has_pair()) {
      std::string reason;
      if (!result.shared_risks.empty()) {
        ++summary.shared;
        reason = absl::StrCat("shares ", absl::StrJoin(result.shared_risks, "; "));
      }
      if (result.outcome == Outcome::kBudgetSpent) {
        ++summary.undecided;
        absl::StrAppend(&reason, reason.empty() ? "" : "; ", "work budget spent; not proven best");
      }
      Row("working", &result.working, "");
      return Row("protect", &result.protect, reason);
    }
    if (result.single.outcome != Outcome::kFound) {
      const std::string why = WhyNone(result.single, search, from);
      Row("working", nullptr, why);
      return Row("protect", nullptr, why);
    }
    Row("working", &result.single.path, "");
    if (result.outcome == Outcome::kBudgetSpent) {
      ++summary.undecided;
      return Row("protect", nullptr, "work budget spent; not proven");
    }
    ++summary.unprotected;
    Row("protect", nullptr,
        constraints_.allow_shared_risks ? "no second path" : "no disjoint path");
  }

  void Row(const char* role, const ComputedPath* path, const std::string& reason) {
    absl::StrAppend(&text, ends_, role, ",");
    if (path != nullptr) AppendCost(*path);
    text += ',';
    if (path != nullptr) {
      bool first = true;
      for (const LinkId link : path->links) {
        absl::StrAppend(&text, first ? "" : ";", file_.FileLink(link));
        first = false;
      }
    }
    absl::StrAppend(&text, ",", CsvField(reason), "\n");
  }

  void AppendCost(const ComputedPath& path) {
    int64_t delay_ns = 0;
    double cost = 0;
    for (const LinkId id : path.links) {
      const LinkInfo& link = file_.snapshot().link(id);
      delay_ns += link.delay_ns;
      cost += link.cost;
    }
    if (constraints_.objective == v1::MIN_DELAY) {
      absl::StrAppend(&text, delay_ns / 1000);
      if (delay_ns % 1000 != 0) absl::StrAppendFormat(&text, ".%03d", delay_ns % 1000);
    } else if (constraints_.objective == v1::MIN_COST) {
      absl::StrAppendFormat(&text, "%.15g", cost);
    } else {
      absl::StrAppend(&text, file_.WeightOf(path.links));
    }
  }

  const GraphFile& file_;
  const PathConstraints& constraints_;
  const SearchGraph& graph_;
  const SearchGraph* open_;
  const std::function<absl::Status()>& go_on_;
  std::optional<PathSearch> without_maintenance_;
  std::vector<bool> connected_;  // with the destination; empty: not looked at yet
  std::string ends_;
};

// Without what the network has none of: each pair would look for it.
Protection Meaningful(Protection asked, const Snapshot& snapshot) {
  if (asked.any()) asked.link = true;
  asked.srlg = asked.srlg && !snapshot.srlg_names().empty();
  asked.building = asked.building && !snapshot.srlg_names().empty();
  asked.provider = asked.provider && !snapshot.provider_names().empty();
  return asked;
}

bool HasMaintenance(const Snapshot& snapshot) {
  const auto forbidden = [](const auto& place) { return place.admin == v1::FORBID; };
  return std::ranges::any_of(snapshot.nodes(), forbidden) ||
         std::ranges::any_of(snapshot.links(), forbidden);
}

// Threads take destinations in order; the answers are given out in that order.
class Crew {
 public:
  Crew(const GraphFile& file, const PathConstraints& constraints, const RoutesOptions& options)
      : file_(file),
        constraints_(constraints),
        options_(options),
        graph_(file.snapshot(), constraints,
               {.most_hops = kMostOfflineHops, .weights = file.weights()}) {
    if (HasMaintenance(file.snapshot())) {
      open_.emplace(file.snapshot(), constraints,
                    SearchGraph::Environment{.ignore_forbid = true, .most_hops = kMostOfflineHops});
    }
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  // The calls after an error end soon.
  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      if (ended_.ok()) ended_ = absl::CancelledError("not wanted any more");
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // The rows to the next destination.
  absl::StatusOr<std::pair<std::string, RoutesSummary>> Next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ended_.ok() || done_.contains(given_); });
    const auto found = done_.find(given_);
    if (!ended_.ok() || found == done_.end()) return ended_;
    auto answer = std::move(found->second);
    done_.erase(found);
    ++given_;
    changed_.notify_all();
    return answer;
  }

 private:
  size_t Destinations() const { return file_.snapshot().nodes().size(); }

  bool Take(size_t* destination) {
    std::unique_lock lock(mutex_);
    const size_t ahead = kAheadPerThread * static_cast<size_t>(options_.threads);
    changed_.wait(
        lock, [&] { return !ended_.ok() || taken_ == Destinations() || taken_ < given_ + ahead; });
    if (!ended_.ok() || taken_ == Destinations()) return false;
    *destination = taken_++;
    return true;
  }

  absl::Status GoOn() {
    {
      const std::lock_guard lock(mutex_);
      if (!ended_.ok()) return ended_;
    }
    return options_.go_on();
  }

  void Work() {
    const std::function<absl::Status()> go_on = [this] { return GoOn(); };
    for (size_t destination = 0; Take(&destination);) {
      Rows rows(file_, constraints_, graph_, open_ ? &*open_ : nullptr, go_on);
      const absl::Status status = rows.To(static_cast<int32_t>(destination));
      const std::lock_guard lock(mutex_);
      if (!status.ok()) {
        if (ended_.ok()) ended_ = status;
      } else {
        done_.emplace(destination, std::pair(std::move(rows.text), rows.summary));
      }
      changed_.notify_all();
    }
  }

  const GraphFile& file_;
  const PathConstraints& constraints_;
  const RoutesOptions& options_;
  const SearchGraph graph_;
  std::optional<SearchGraph> open_;

  std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status ended_;
  size_t taken_ = 0, given_ = 0;
  std::map<size_t, std::pair<std::string, RoutesSummary>> done_;
  std::vector<std::thread> threads_;
};

}  // namespace

absl::Status WriteRoutes(const GraphFile& file, const PathConstraints& constraints,
                         const RoutesOptions& options, RoutesSummary* summary) {
  WholeFile out(options.file);
  if (absl::Status status = out.Write("src,dst,role,cost,links,reason\n"); !status.ok()) {
    return status;
  }
  const size_t nodes = file.snapshot().nodes().size();
  PathConstraints effective = constraints;
  effective.protection = Meaningful(constraints.protection, file.snapshot());
  {
    Crew crew(file, effective, options);
    for (size_t done = 0; done < nodes; ++done) {
      const auto rows = crew.Next();
      if (!rows.ok()) return rows.status();
      const auto& [text, counts] = *rows;
      if (absl::Status status = out.Write(text); !status.ok()) return status;
      summary->pairs += counts.pairs;
      summary->unreachable += counts.unreachable;
      summary->unprotected += counts.unprotected;
      summary->shared += counts.shared;
      summary->undecided += counts.undecided;
      options.progress(done + 1, nodes);
    }
  }
  return out.Finish();
}

}  // namespace waymark::cli
