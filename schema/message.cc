#include "schema/message.h"

#include <array>

namespace telepost::schema {
namespace {

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr std::array<KindName, 8> kKindNames = {{{Kind::email, "email"},
                                             {Kind::voice, "voice"},
                                             {Kind::fax, "fax"},
                                             {Kind::sms, "sms"},
                                             {Kind::mms, "mms"},
                                             {Kind::video, "video"},
                                             {Kind::image, "image"},
                                             {Kind::text, "text"}}};

}  // namespace

std::string_view name_of(Kind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "unknown";
}

Result<Kind> kind_from(std::string_view name) {
  for (const KindName& entry : kKindNames) {
    if (entry.name == name) return entry.kind;
  }
  return {Errc::invalid, "no message kind is called '" + std::string(name.substr(0, 40)) + "'"};
}

std::string_view name_of(Importance importance) {
  switch (importance) {
    case Importance::normal: return "normal";
    case Importance::low: return "low";
    case Importance::high: return "high";
  }
  return "normal";
}

std::string_view name_of(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::none: return "none";
    case Sensitivity::personal: return "personal";
    case Sensitivity::confidential: return "private";
    case Sensitivity::company: return "company-confidential";
  }
  return "none";
}

Result<Importance> importance_from(std::string_view name) {
  for (const Importance importance : {Importance::normal, Importance::low, Importance::high}) {
    if (name_of(importance) == name) return importance;
  }
  return {Errc::invalid, "no importance is called '" + std::string(name.substr(0, 40)) + "'"};
}

Result<Sensitivity> sensitivity_from(std::string_view name) {
  for (const Sensitivity sensitivity :
       {Sensitivity::none, Sensitivity::personal, Sensitivity::confidential, Sensitivity::company}) {
    if (name_of(sensitivity) == name) return sensitivity;
  }
  return {Errc::invalid, "no sensitivity is called '" + std::string(name.substr(0, 40)) + "'"};
}

}  // namespace telepost::schema
