// The standard methods (AIP-131 to 135), once for every kind.
#ifndef WAYMARK_NORTHBOUND_API_HANDLERS_H_
#define WAYMARK_NORTHBOUND_API_HANDLERS_H_

#include <google/protobuf/field_mask.pb.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "controller/store/path_queries.h"
#include "controller/store/programming_control.h"
#include "northbound/api/committer.h"
#include "northbound/api/dispatcher.h"
#include "northbound/api/reader.h"

namespace waymark {

// What the services share. All must outlive them.
struct Rooms {
  Store& store;
  NetworkViewHolder& view;
  Committer& committer;
  Reader& reader;
  Dispatcher& dispatcher;
  PathQueries& paths;
  ProgrammingControl& programming;
};

// A hash of a mutation and of who asks for it, blind to its request_id.
uint64_t HashRequest(std::string_view method, const Caller& caller,
                     const google::protobuf::Message& request);
// A resource of a request as an intent of `kind`.
Intent MakeIntent(Intent::Action action, const google::protobuf::Message& resource);

// T: the resource's message. Request types differ in the name of the field that holds the resource,
// so the caller passes it beside the request.
template <typename T>
class Handlers {
 public:
  explicit Handlers(Rooms& rooms) : rooms_(rooms) {}

  template <typename Context>
  auto* Get(Context* context, const char* method, const v1::GetRequest* request, T* reply) {
    return rooms_.dispatcher.Serve(context, method, *request,
                                   [=, this](const Caller&, const Dispatcher::Done& done) {
                                     auto resource = rooms_.reader.Get(KindOf<T>::value, *request);
                                     if (resource.ok()) *reply = static_cast<const T&>(**resource);
                                     done(resource.status());
                                   });
  }

  // `add` appends one resource to the reply and returns it.
  template <typename Context, typename Reply, typename Add>
  auto* List(Context* context, const char* method, const v1::ListRequest* request, Reply* reply,
             Add add) {
    return rooms_.dispatcher.Serve(
        context, method, *request, [=, this](const Caller& caller, const Dispatcher::Done& done) {
          auto page = rooms_.reader.List(KindOf<T>::value, *request, caller);
          if (!page.ok()) return done(page.status());
          for (auto& resource : page->resources) {
            (reply->*add)()->Swap(static_cast<T*>(resource.get()));
          }
          reply->set_next_page_token(page->next_page_token);
          reply->set_revision(page->revision);
          done(absl::OkStatus());
        });
  }

  template <typename Context, typename Request>
  auto* Create(Context* context, const char* method, const Request* request, const T& resource,
               T* reply) {
    return rooms_.dispatcher.Serve(
        context, method, *request,
        [=, this, &resource](const Caller& caller, const Dispatcher::Done& done) {
          Change(method, caller, *request, MakeIntent(Intent::Action::kCreate, resource), reply,
                 done);
        });
  }

  template <typename Context, typename Request>
  auto* Update(Context* context, const char* method, const Request* request, const T& resource,
               T* reply) {
    return rooms_.dispatcher.Serve(
        context, method, *request,
        [=, this, &resource](const Caller& caller, const Dispatcher::Done& done) {
          Intent intent = MakeIntent(Intent::Action::kUpdate, resource);
          const auto& paths = request->update_mask().paths();
          intent.mask.assign(paths.begin(), paths.end());
          intent.allow_missing = request->allow_missing();
          intent.etag = resource.etag();
          Change(method, caller, *request, std::move(intent), reply, done);
        });
  }

  template <typename Context, typename Empty>
  auto* Delete(Context* context, const char* method, const v1::DeleteRequest* request, Empty*) {
    return rooms_.dispatcher.Serve(
        context, method, *request, [=, this](const Caller& caller, const Dispatcher::Done& done) {
          Committer::Request change;
          change.intents.push_back({Intent::Action::kDelete,
                                    KindOf<T>::value,
                                    request->name(),
                                    nullptr,
                                    {},
                                    request->allow_missing(),
                                    request->etag()});
          FillIn(method, caller, *request, change);
          rooms_.committer.Submit(
              std::move(change),
              [done](absl::StatusOr<Committer::Outcome> outcome) { done(outcome.status()); });
        });
  }

 private:
  template <typename Request>
  static void FillIn(const char* method, const Caller& caller, const Request& request,
                     Committer::Request& change) {
    change.request_id = request.request_id();
    change.validate_only = request.validate_only();
    if (!change.request_id.empty()) change.request_hash = HashRequest(method, caller, request);
  }

  template <typename Request>
  void Change(const char* method, const Caller& caller, const Request& request, Intent intent,
              T* reply, const Dispatcher::Done& done) {
    Committer::Request change;
    change.intents.push_back(std::move(intent));
    change.single = true;
    FillIn(method, caller, request, change);
    rooms_.committer.Submit(std::move(change),
                            [this, reply, done](absl::StatusOr<Committer::Outcome> outcome) {
                              if (!outcome.ok()) return done(outcome.status());
                              *reply = static_cast<const T&>(*outcome->resource);
                              AddStatus(*rooms_.view.Get(), *reply);
                              done(absl::OkStatus());
                            });
  }

  Rooms& rooms_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_HANDLERS_H_
