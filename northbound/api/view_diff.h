#ifndef WAYMARK_NORTHBOUND_API_VIEW_DIFF_H_
#define WAYMARK_NORTHBOUND_API_VIEW_DIFF_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/store/network_view.h"
#include "northbound/auth/caller.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// Turns successive views into events, a few at a time, so that a diff of many policies neither
// blocks nor fills memory. A view that arrives while an older one is being sent waits, and replaces
// any that waits already: each resource's latest value is what counts. One thread.
class ViewDiff {
 public:
  using WantsName = std::function<bool(const std::string&)>;
  // The current resource, with revision; null when it does not exist (any more).
  using FindResource = std::function<std::optional<v1::Resource>(const std::string&)>;

  // What the first view is to the client: the part of a snapshot that the store does not have
  // (policies and agents as CREATED; the snapshot's resources have their statuses already), or news
  // about resources that it may know (all as STATUS_CHANGED).
  enum class First { kSnapshot, kNews };

  ViewDiff(Caller caller, First first, WantsName wants, FindResource find)
      : caller_(std::move(caller)),
        first_(first),
        wants_(std::move(wants)),
        find_(std::move(find)) {}

  void Publish(std::shared_ptr<const NetworkView> view) { waiting_ = std::move(view); }

  // The next event, if any is due. Policies, then agents, then statuses, each in order of names.
  // O(names skipped), at most kMaxSteps; when it stops there without an event, `*more` is true.
  std::optional<v1::WatchEvent> Next(bool* more);

 private:
  static constexpr int kMaxSteps = 10'000;
  enum class Section { kPolicies, kAgents, kStatuses, kDone };

  template <typename Map, typename Make>
  std::optional<v1::WatchEvent> Step(const Map& before, const Map& after, int& steps, Make make);
  std::optional<v1::WatchEvent> PolicyEvent(const std::string& name, const v1::Policy* before,
                                            const v1::Policy* after) const;
  std::optional<v1::WatchEvent> AgentEvent(const std::string& name, const v1::Agent* before,
                                           const v1::Agent* after) const;
  std::optional<v1::WatchEvent> StatusEvent(const std::string& name, const v1::Status* before,
                                            const v1::Status* after) const;
  v1::ChangeType Appeared() const;
  v1::WatchEvent MakeEvent(const std::string& name, v1::ChangeType change) const;

  const Caller caller_;
  // Until the first view has been sent.
  std::optional<First> first_;
  const WantsName wants_;
  const FindResource find_;
  std::shared_ptr<const NetworkView> sent_ = std::make_shared<NetworkView>();
  std::shared_ptr<const NetworkView> sending_;
  std::shared_ptr<const NetworkView> waiting_;
  Section section_ = Section::kDone;
  // Names up to this one are done in the section.
  std::string after_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_VIEW_DIFF_H_
