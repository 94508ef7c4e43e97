#include "controller/topology/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/bundle_fields.h"
#include "controller/topology/human_units.h"
#include "controller/topology/limits.h"
#include "controller/topology/nearest.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename... Args>
absl::Status Invalid(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

absl::Status CheckRange(const FieldDescriptor& field, double value, std::string_view text) {
  const std::optional<Range> range = RangeOf(field);
  if (range.has_value() && !(value >= range->min && value <= range->max)) {
    const auto written = [&](double bound) {
      if (IsDuration(field)) return FormatDurationNs(static_cast<int64_t>(bound));
      if (IsBitRate(field)) return FormatBitRate(static_cast<int64_t>(bound));
      return PlainNumber(bound);
    };
    return Invalid(Quote(text), " is out of range: give ", written(range->min), " to ",
                   written(range->max));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParseInteger(const FieldDescriptor& field, std::string_view text) {
  if (IsBitRate(field)) return ParseBitRate(text);
  if (IsDuration(field)) return ParseDurationNs(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return Invalid(Quote(text), " is too large a number");
  if (error != std::errc() || end != text.data() + text.size()) {
    return Invalid(Quote(text), " is no whole number");
  }
  return value;
}

absl::StatusOr<double> ParseDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return Invalid(Quote(text), " is too large or too small a number");
  if (error != std::errc() || end != text.data() + text.size()) {
    return Invalid(Quote(text), " is no number");
  }
  if (!std::isfinite(value)) return Invalid(Quote(text), " is not finite: give a number");
  return value;
}

std::string EnumSpelling(std::string_view text) {
  std::string spelling;
  for (const char c : text) {
    spelling += c == '-' || c == ' ' ? '_' : absl::ascii_toupper(c);
  }
  return spelling;
}

absl::StatusOr<int> ParseEnum(const EnumDescriptor& type, std::string_view text) {
  const auto* value = type.FindValueByName(EnumSpelling(text));
  if (value != nullptr) return value->number();
  std::vector<std::string> known;
  // The first is ..._UNSPECIFIED, which nobody needs to write.
  for (int i = 1; i < type.value_count(); ++i) known.push_back(type.value(i)->name());
  return absl::InvalidArgumentError(UnknownMessage("value", text, known));
}

bool HoldsJurisdiction(const FieldDescriptor& field) {
  return field.name() == "jurisdiction" || field.name() == "allowed_jurisdictions" ||
         field.name() == "forbidden_jurisdictions";
}

absl::StatusOr<std::string> ParseText(const FieldDescriptor& field, std::string_view text,
                                      std::string_view owner) {
  if (const auto kind = NameKindOf(field); kind.has_value()) {
    // An empty reference is an absent one.
    if (text.empty() && field.name() != "name") return std::string();
    return ExpandName(*kind, text, owner);
  }
  if (HoldsJurisdiction(field) && !text.empty() && !IsJurisdictionCode(text)) {
    return Invalid(Quote(text), " is no ISO 3166-1 alpha-2 code: use two capitals such as CH");
  }
  if (HasControlCharacter(text)) {
    return Invalid(Quote(text), " contains control characters: remove them");
  }
  return std::string(text);
}

absl::Status SetInteger(const FieldDescriptor& field, std::string_view text, Message& message) {
  const absl::StatusOr<int64_t> value = ParseInteger(field, text);
  if (!value.ok()) return value.status();
  if (absl::Status range = CheckRange(field, static_cast<double>(*value), text); !range.ok()) {
    return range;
  }
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    field.is_repeated() ? reflection.AddInt64(&message, &field, *value)
                        : reflection.SetInt64(&message, &field, *value);
    return absl::OkStatus();
  }
  if (*value < 0 || *value > std::numeric_limits<uint32_t>::max()) {
    return Invalid(Quote(text), " is out of range: give 0 to 4294967295");
  }
  const auto narrow = static_cast<uint32_t>(*value);
  field.is_repeated() ? reflection.AddUInt32(&message, &field, narrow)
                      : reflection.SetUInt32(&message, &field, narrow);
  return absl::OkStatus();
}

absl::Status SetDouble(const FieldDescriptor& field, std::string_view text, Message& message) {
  const absl::StatusOr<double> value = ParseDouble(text);
  if (!value.ok()) return value.status();
  if (absl::Status range = CheckRange(field, *value, text); !range.ok()) return range;
  message.GetReflection()->SetDouble(&message, &field, *value);
  return absl::OkStatus();
}

absl::Status SetBool(const FieldDescriptor& field, std::string_view text, Message& message) {
  const std::string spelling = EnumSpelling(text);
  if (spelling != "TRUE" && spelling != "FALSE") {
    return Invalid(Quote(text), " is neither true nor false");
  }
  message.GetReflection()->SetBool(&message, &field, spelling == "TRUE");
  return absl::OkStatus();
}

absl::Status SetEnum(const FieldDescriptor& field, std::string_view text, Message& message) {
  const absl::StatusOr<int> value = ParseEnum(*field.enum_type(), text);
  if (!value.ok()) return value.status();
  const Reflection& reflection = *message.GetReflection();
  field.is_repeated() ? reflection.AddEnumValue(&message, &field, *value)
                      : reflection.SetEnumValue(&message, &field, *value);
  return absl::OkStatus();
}

absl::Status SetText(const FieldDescriptor& field, std::string_view text, std::string_view owner,
                     Message& message) {
  absl::StatusOr<std::string> value = ParseText(field, text, owner);
  if (!value.ok()) return value.status();
  const Reflection& reflection = *message.GetReflection();
  field.is_repeated() ? reflection.AddString(&message, &field, *std::move(value))
                      : reflection.SetString(&message, &field, *std::move(value));
  return absl::OkStatus();
}

}  // namespace

absl::Status SetScalar(const FieldDescriptor& field, std::string_view text, std::string_view owner,
                       Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetInteger(field, text, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(field, text, message);
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(field, text, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(field, text, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetText(field, text, owner, message);
    default:
      return Invalid("cannot be written in a file");
  }
}

}  // namespace waymark
