#include "northbound/api/handlers.h"

namespace waymark {

uint64_t HashRequest(std::string_view method, const Caller& caller,
                     const google::protobuf::Message& request) {
  const auto copy = Clone(request);
  SetString(*copy, "request_id", "");
  // FNV-1a (64 bit): the hash is stored, so it may not differ from one build to the next.
  uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](std::string_view bytes) {
    for (const char c : bytes) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x100000001b3;
    }
  };
  mix(method);
  mix("|");
  // Of a customer only: two NOC engineers may repeat each other's request.
  mix(caller.customer);
  mix("|");
  mix(DeterministicBytes(*copy));
  return hash;
}

Intent MakeIntent(Intent::Action action, const google::protobuf::Message& resource) {
  Intent intent;
  intent.action = action;
  intent.kind = *KindOfMessage(resource);
  intent.name = NameOf(resource);
  intent.resource = Clone(resource);
  return intent;
}

}  // namespace waymark
