#include "adapters/jmap/set.h"

#include <algorithm>

namespace telepost::adapters::jmap {
namespace {

constexpr unsigned kMostPasses = 20;  // a chain of mailboxes is 16 long at most

class SetRun {
 public:
  SetRun(const SetArguments& set, SetVerbs& verbs, CreatedIds& created_ids, SetResponse& response)
      : verbs_(verbs), created_ids_(created_ids), response_(response), creates_(set.create.begin(), set.create.end()),
        updates_(set.update.begin(), set.update.end()), destroys_(set.destroy) {
    for (const std::string& id : destroys_) doomed_.insert(real(id));
  }

  std::optional<MethodError> run() {
    for (unsigned pass = 0; pass < kMostPasses && !failure_; ++pass) {
      const std::size_t left = creates_.size() + updates_.size() + destroys_.size();
      if (left == 0) break;
      create();
      update();
      destroy();
      if (left == creates_.size() + updates_.size() + destroys_.size()) break;
    }
    return failure_;
  }

 private:
  using Named = std::pair<std::string, const Json*>;

  // "#x" that is not there yet stays so, and is no id of anything.
  std::string real(const std::string& id) const { return created_ids_.resolve(id).value_or(id); }

  // Keeps in the list what is not done, each with its error.
  template <typename Item, typename Apply>
  void each(std::vector<Item>& items, std::map<std::string, SetError>& errors, const Apply& apply) {
    std::vector<Item> left;
    for (Item& item : items) {
      std::string name = name_of(item);
      SetOutcome outcome = failure_ ? SetOutcome(SetError{"serverFail"}) : apply(item, name);
      if (const auto* const late = std::get_if<FailedAfterChange>(&outcome)) {
        may_have_changed_ = true;
        fail(late->error);
      }
      if (const auto* const error = std::get_if<Error>(&outcome)) fail(*error);
      if (outcome.index() == 0) errors.erase(name);
      else if (auto* const why = std::get_if<SetError>(&outcome)) errors.insert_or_assign(name, *why);
      if (outcome.index() != 0) left.push_back(std::move(item));
    }
    items = std::move(left);
  }
  static const std::string& name_of(const Named& item) { return item.first; }
  static const std::string& name_of(const std::string& item) { return item; }

  void create() {
    each(creates_, response_.not_created, [&](const Named& item, const std::string& creation_id) {
      SetOutcome outcome = verbs_.create(*item.second);
      if (auto* const object = std::get_if<Json>(&outcome)) {
        created_ids_.add(creation_id, object->at("id").get<std::string>());
        response_.created.emplace(creation_id, *object);
      }
      return outcome;
    });
  }

  void update() {
    each(updates_, response_.not_updated, [&](const Named& item, const std::string& id) -> SetOutcome {
      if (doomed_.contains(real(id))) return SetError{"willDestroy"};
      SetOutcome outcome = verbs_.update(real(id), *item.second);
      if (auto* const besides = std::get_if<Json>(&outcome)) response_.updated.emplace(real(id), *besides);
      return outcome;
    });
    std::vector<SetVerbs::Update> together;
    for (const Named& item : updates_) {
      if (!doomed_.contains(real(item.first))) together.emplace_back(real(item.first), item.second);
    }
    if (failure_ || together.size() < 2 || !verbs_.update_together(together)) return;
    for (const SetVerbs::Update& one : together) response_.updated.emplace(one.first, nullptr);
    const auto is_done = [&](const Named& item) { return response_.updated.contains(real(item.first)) && response_.not_updated.erase(item.first) != 0; };
    updates_.erase(std::remove_if(updates_.begin(), updates_.end(), is_done), updates_.end());
  }

  void destroy() {
    each(destroys_, response_.not_destroyed, [&](const std::string&, const std::string& id) {
      SetOutcome outcome = verbs_.destroy(real(id));
      if (outcome.index() == 0) response_.destroyed.push_back(real(id));
      if (std::holds_alternative<Error>(outcome)) may_have_changed_ = true;  // what lay in it may be gone already
      return outcome;
    });
  }

  void fail(const Error& error) {
    if (!failure_) failure_ = after_change(method_error_of(error), response_.has_changed() || may_have_changed_);
  }

  SetVerbs& verbs_;
  CreatedIds& created_ids_;
  SetResponse& response_;
  std::vector<Named> creates_, updates_;  // not done yet
  std::vector<std::string> destroys_;
  std::set<std::string> doomed_;
  bool may_have_changed_ = false;
  std::optional<MethodError> failure_;
};

}  // namespace

std::optional<MethodError> apply_set(const SetArguments& set, SetVerbs& verbs, CreatedIds& created_ids, SetResponse& response) {
  return SetRun(set, verbs, created_ids, response).run();
}

MethodResult refuse_copy(Call& call) {
  TELEPOST_ASSIGN(const std::string from, call.arguments.id("fromAccountId"));
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_TRY(call.arguments.text_or_null("ifFromInState"));
  TELEPOST_TRY(call.arguments.text_or_null("ifInState"));
  TELEPOST_ASSIGN(const Json* const create, call.arguments.object_or_null("create"));
  TELEPOST_TRY(call.arguments.boolean_or("onSuccessDestroyOriginal", false));
  TELEPOST_TRY(call.arguments.text_or_null("destroyFromIfInState"));
  TELEPOST_TRY(call.arguments.done());
  if (create == nullptr || from == to_id(account)) return MethodError{"invalidArguments", "objects are copied from another account"};
  return MethodError{"fromAccountNotFound"};
}

}  // namespace telepost::adapters::jmap
