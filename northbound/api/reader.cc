#include "northbound/api/reader.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "northbound/api/errors.h"
#include "northbound/api/validate.h"

namespace waymark {

using google::protobuf::Message;

bool IsValidTime(const google::protobuf::Timestamp& t) {
  return t.seconds() >= -62'135'596'800 && t.seconds() <= 253'402'300'799 && t.nanos() >= 0 &&
         t.nanos() < 1'000'000'000;
}

std::string EncodePageToken(const PageToken& token) {
  return absl::WebSafeBase64Escape(absl::StrCat("1|", token.list, "|", token.revision, "|",
                                                token.current ? 1 : 0, "|", token.after));
}

absl::StatusOr<PageToken> DecodePageToken(const std::string& text, const std::string& list) {
  const absl::Status bad =
      InvalidField("", "page_token",
                   "is not of this list: pass next_page_token as it came, with the same parent");
  std::string plain;
  if (text.size() > 1'000 || !absl::WebSafeBase64Unescape(text, &plain)) return bad;
  const std::vector<std::string> parts = absl::StrSplit(plain, absl::MaxSplits('|', 4));
  PageToken token;
  if (parts.size() != 5 || parts[0] != "1" || parts[1] != list ||
      !absl::SimpleAtoi(parts[2], &token.revision) || token.revision < 0) {
    return bad;
  }
  token.list = parts[1];
  token.current = parts[3] == "1";
  token.after = parts[4];
  return token;
}

absl::StatusOr<int> CheckPageSize(int page_size) {
  if (page_size < 0) {
    return InvalidField("", "page_size",
                        absl::StrCat("is ", page_size, ": give 1 to 1000, or 0 for 100"));
  }
  return page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
}

void AddStatus(const NetworkView& view, Message& message) {
  const auto* field = message.GetDescriptor()->FindFieldByName("status");
  if (field == nullptr) return;
  auto* status = static_cast<v1::Status*>(message.GetReflection()->MutableMessage(&message, field));
  const auto it = view.statuses.find(NameOf(message));
  if (it != view.statuses.end()) {
    *status = *it->second;
  } else if (KindOfMessage(message) == Kind::kService) {
    status->set_state(v1::PENDING);
    status->set_reason("stored; its paths have not been computed yet");
  } else {
    message.GetReflection()->ClearField(&message, field);
  }
}

absl::Status Reader::CheckPast(const google::protobuf::Timestamp& time) const {
  if (!IsValidTime(time)) return InvalidField("", "as_of_time", "is no valid time");
  constexpr absl::Duration kClocksDiffer = absl::Minutes(1);
  const absl::Time at = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  if (at <= clock_.Now() + kClocksDiffer) return absl::OkStatus();
  return ErrorWith(absl::StatusCode::kOutOfRange,
                   {MakeProblem("FIELD_INVALID", "", "as_of_time",
                                "lies in the future: give a time that has passed, or leave it "
                                "out for the present")});
}

absl::StatusOr<Reader::At> Reader::Resolve(Revision as_of,
                                           const google::protobuf::Timestamp* time) const {
  if (as_of < 0) {
    return InvalidField("", "as_of",
                        absl::StrCat("is ", as_of, ": give a revision, or 0 for the present"));
  }
  if (time == nullptr) return as_of == 0 ? At{store_.current(), true} : At{as_of, false};
  if (as_of != 0) return InvalidField("", "as_of_time", "is set beside as_of: set one of them");
  if (absl::Status s = CheckPast(*time); !s.ok()) return s;
  const auto revision =
      store_.RevisionAt(absl::FromUnixSeconds(time->seconds()) + absl::Nanoseconds(time->nanos()));
  if (!revision.ok()) return revision.status();
  return At{*revision, false};
}

absl::StatusOr<std::unique_ptr<Message>> Reader::Get(Kind kind,
                                                     const v1::GetRequest& request) const {
  Problems problems;
  ValidateName(kind, request.name(), problems);
  if (!problems.empty()) return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
  const auto at =
      Resolve(request.as_of(), request.has_as_of_time() ? &request.as_of_time() : nullptr);
  if (!at.ok()) return at.status();
  const auto record = store_.Get(KeyOf(kind, request.name()), at->current ? 0 : at->revision);
  if (absl::IsNotFound(record.status())) return ResourceNotFound(request.name());
  if (!record.ok()) return record.status();
  const auto resource = Decode(kind, record->key, record->value, record->modified);
  if (!resource.ok()) return resource.status();
  auto reply = Clone(**resource);
  if (at->current) AddStatus(*view_.Get(), *reply);
  return reply;
}

absl::StatusOr<std::string> Reader::ListPrefix(Kind kind, const std::string& parent,
                                               const Caller& caller) const {
  const KindInfo& info = InfoOf(kind);
  const bool all = parent.empty() || parent == "customers/-";
  if (!info.of_customer) {
    if (!parent.empty()) {
      return InvalidField("", "parent",
                          absl::StrCat("is ", Quoted(parent), ": leave it empty, ",
                                       std::string(info.plural), " have no parent"));
    }
    return KeyOf(kind,
                 caller.role == Role::kCustomer && kind == Kind::kCustomer ? caller.customer : "");
  }
  if (!all && KindOfName(parent) != Kind::kCustomer) {
    return InvalidField("", "parent",
                        absl::StrCat(Quoted(parent), " is no customer: write customers/ID, or ",
                                     "customers/- for all"));
  }
  if (!all) return KeyOf(kind, parent + "/");
  return KeyOf(kind, caller.role == Role::kCustomer ? caller.customer + "/" : "");
}

absl::StatusOr<Reader::Page> Reader::List(Kind kind, const v1::ListRequest& request,
                                          const Caller& caller) const {
  const auto size = CheckPageSize(request.page_size());
  if (!size.ok()) return size.status();
  const auto prefix = ListPrefix(kind, request.parent(), caller);
  if (!prefix.ok()) return prefix.status();
  auto at = Resolve(request.as_of(), request.has_as_of_time() ? &request.as_of_time() : nullptr);
  if (!at.ok()) return at.status();
  std::string after;
  if (!request.page_token().empty()) {
    const auto token = DecodePageToken(request.page_token(), *prefix);
    if (!token.ok()) return token.status();
    if (!at->current && at->revision != token->revision) {
      return InvalidField("", "as_of", "differs from the first page's: leave it out, or the same");
    }
    at = At{token->revision, token->current};
    after = KeyOf(kind, token->after);
  }
  Page page;
  page.revision = at->revision;
  // Revision 0 is the empty store, which asks for "now" in the store's own interface.
  if (at->revision == 0) return page;
  const auto records = store_.List(*prefix, at->revision, after, *size + 1);
  if (!records.ok()) return records.status();
  const auto view = view_.Get();
  for (const Record& record : *records) {
    if (static_cast<int>(page.resources.size()) == *size) {
      page.next_page_token =
          EncodePageToken({*prefix, at->revision, at->current, NameOf(*page.resources.back())});
      break;
    }
    const auto resource = Decode(kind, record.key, record.value, record.modified);
    if (!resource.ok()) return resource.status();
    if (!caller.Sees(NameOf(**resource))) continue;
    page.resources.push_back(Clone(**resource));
    if (at->current) AddStatus(*view, *page.resources.back());
  }
  return page;
}

}  // namespace waymark
