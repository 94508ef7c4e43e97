// Private to this folder. How a call becomes a question to PathQueries, and its answer the reply.
#ifndef WAYMARK_NORTHBOUND_API_PATH_CALLS_H_
#define WAYMARK_NORTHBOUND_API_PATH_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/time/time.h"
#include "controller/store/path_queries.h"
#include "northbound/api/dispatcher.h"
#include "northbound/api/path_requests.h"

namespace waymark {

// The context lives until the call is answered, and so until `cancelled` is asked no more.
inline PathQueries::Limits LimitsOf(const grpc::CallbackServerContext* context) {
  return {.deadline = absl::FromChrono(context->deadline()),
          .cancelled = [context] { return context->IsCancelled(); }};
}

template <typename Reply>
PathQueries::Done<Reply> AnswerInto(Reply* reply, const Dispatcher::Done& done) {
  return [reply, done](absl::StatusOr<Reply> answer) {
    if (answer.ok()) *reply = *std::move(answer);
    done(WithField(answer.status()));
  };
}

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_PATH_CALLS_H_
