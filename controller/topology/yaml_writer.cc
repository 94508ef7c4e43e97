#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/bundle_fields.h"
#include "controller/topology/human_units.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Words that YAML 1.1 or 1.2 readers take for something else than text; "NO" is also Norway.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"});

bool IsPlain(const std::string& text) {
  if (text.empty() || !absl::ascii_isalpha(text.front())) return false;
  const bool simple = std::ranges::all_of(text, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '/';
  });
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) { return absl::ascii_tolower(c); });
  return simple && std::ranges::find(kReserved, lower) == kReserved.end();
}

std::string Text(const std::string& text) {
  if (IsPlain(text)) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x",
                    static_cast<unsigned>(static_cast<uint8_t>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string Number(double value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return std::string(text, result.ptr);
}

std::string Integer(const FieldDescriptor& field, int64_t value) {
  if (IsBitRate(field)) return FormatBitRate(value);
  if (IsDuration(field)) return FormatDurationNs(value);
  return absl::StrCat(value);
}

// `index`: of a repeated field; -1 otherwise.
std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return Integer(
          field, list ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(list ? r.GetRepeatedUInt32(message, &field, index)
                               : r.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(r.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return r.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return (list ? r.GetRepeatedEnum(message, &field, index) : r.GetEnum(message, &field))
          ->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return Text(list ? r.GetRepeatedString(message, &field, index)
                       : r.GetString(message, &field));
    default:
      return "";
  }
}

void WriteMessage(const Message& message, int indent, std::string& out);

void WriteField(const Message& message, const FieldDescriptor& field, int indent,
                std::string& out) {
  const Reflection& reflection = *message.GetReflection();
  out += field.name();
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    if (!field.is_repeated()) {
      out.append(": ").append(Scalar(message, field, -1)).append("\n");
      return;
    }
    out += ": [";
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      out.append(i == 0 ? "" : ", ").append(Scalar(message, field, i));
    }
    out += "]\n";
    return;
  }
  out += ":\n";
  if (!field.is_repeated()) {
    out.append(indent + 2, ' ');
    WriteMessage(reflection.GetMessage(message, &field), indent + 2, out);
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    out.append(indent + 2, ' ').append("- ");
    WriteMessage(reflection.GetRepeatedMessage(message, &field, i), indent + 4, out);
  }
}

// The cursor is where the first key goes.
void WriteMessage(const Message& message, int indent, std::string& out) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::erase_if(fields, [](const FieldDescriptor* field) { return IsOutputOnly(*field); });
  if (fields.empty()) out += "{}\n";
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out.append(indent, ' ');
    WriteField(message, *fields[i], indent, out);
  }
}

}  // namespace

std::string WriteYamlBundle(const v1::Bundle& bundle) {
  std::string out;
  WriteMessage(bundle, 0, out);
  return out;
}

}  // namespace waymark
