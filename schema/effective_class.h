// What holds for one account: each setting from the first layer that states it (the subscriber, the account's class, the class
// of its range, the class standard), and the rules of all layers in this order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "schema/class_of_service.h"
#include "schema/class_rules.h"
#include "schema/class_settings.h"

namespace telepost::schema {

struct EffectiveClass {
  std::string name;     // of the account's class
  std::string missing;  // a class that the account or its range names and no file defines: nothing of the account expires until it is back
  ClassSettings settings;
  ClassRules rules;     // those that are asked first stand first
  std::map<SettingKey, std::string> stated_by;  // the layer; what is not there holds by default

  // What must be known of a message before its rules can be asked.
  bool needs_fields = false;  // its header
  bool needs_places = false;  // its mailboxes
  bool needs_paths = false;   // their names too
  bool dates = false;         // messages: there is a rule of retention, archive or compress
  // Equal for classes that give every message and every account the same dates; 0: there are none. HeadRecord.policy_revision.
  std::uint64_t revision = 0;

  bool dates_messages() const { return dates; }
};

// The layers of one account.
struct ClassLayers {
  const ClassOfService* subscriber = nullptr;  // null: none
  std::string_view account_class;
  std::string_view range_class;  // "": the primary address lies in no range
};

EffectiveClass resolve(const ClassSet& classes, const ClassLayers& layers);

}  // namespace telepost::schema
