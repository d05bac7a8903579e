#include "store/classes.h"

#include "base/log.h"
#include "store/directory.h"
#include "store/rooms.h"

namespace telepost::store {

Classes::Classes(schema::ClassSet classes) : in_force_(std::make_shared<InForce>(std::move(classes))) {}

std::shared_ptr<const schema::ClassSet> Classes::get() const { return std::atomic_load(&in_force_)->classes; }

void Classes::set(schema::ClassSet classes) {
  std::atomic_store(&in_force_, std::make_shared<InForce>(std::move(classes)));
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

std::shared_ptr<const schema::EffectiveClass> effective_class(Rooms& rooms, const schema::AccountRecord& profile) {
  const auto in_force = std::atomic_load(&rooms.classes.in_force_);
  const auto range = profile.addresses.empty() ? std::nullopt : Directory(rooms).range_of(profile.addresses.front());
  const std::string range_class = range ? range->class_of_service : "";
  schema::ClassLayers layers{nullptr, profile.class_of_service, range_class};
  if (!profile.policy.empty()) {
    const auto own = schema::read_subscriber_settings(profile.policy);
    if (own.ok()) layers.subscriber = &*own;
    else log::warning("own_settings_unreadable", {{"address", profile.addresses.empty() ? "" : profile.addresses.front()}, {"reason", to_string(own.error())}});
    return std::make_shared<const schema::EffectiveClass>(schema::resolve(*in_force->classes, layers));
  }
  const std::lock_guard lock(in_force->mutex);
  auto& effective = in_force->effective[{profile.class_of_service, range_class}];
  if (effective == nullptr) effective = std::make_shared<const schema::EffectiveClass>(schema::resolve(*in_force->classes, layers));
  return effective;
}

}  // namespace telepost::store
