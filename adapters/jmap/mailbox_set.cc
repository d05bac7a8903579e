#include <algorithm>

#include "adapters/jmap/mailbox.h"
#include "adapters/jmap/set.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::int64_t kSortOrderEnd = std::int64_t{1} << 31;  // RFC 8621 section 2

const Json& defaults() {
  static const Json values = {{"parentId", nullptr}, {"role", nullptr}, {"sortOrder", 0}, {"isSubscribed", true}};
  return values;
}

bool is_settable(const std::string& property) { return property == "name" || defaults().contains(property); }

class MailboxVerbs final : public SetVerbs {
 public:
  MailboxVerbs(Call& call, schema::AccountId account, store::Mailboxes::Content content, schema::Modseq now)
      : steps(now), call_(call), account_(account), content_(content) {}

  SetOutcome create(const Json& object) override {
    store::MailboxChange wanted;
    Json whole = object;
    whole.insert(defaults().begin(), defaults().end());  // what is there stays
    std::vector<std::string> wrong = read(whole, wanted);
    for (const auto& [name, value] : object.items()) {
      if (!is_settable(name)) wrong.push_back(name);
    }
    if (!object.contains("name")) wrong.push_back("name");
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    const Result<store::Mailboxes::Made> made = mailboxes().make(
        account_, {*wanted.parent, *wanted.name, *wanted.role, *wanted.subscribed, *wanted.sort_order});
    if (!made.ok()) return outcome_of(made.error());
    add(made->step);
    schema::MailboxRecord record;
    record.id = made->id;
    Json besides = to_json(record, ThreadCount{});
    besides["isSubscribed"] = defaults()["isSubscribed"];
    for (const auto& [name, value] : object.items()) besides.erase(name);
    return besides;
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    std::variant<store::MailboxChange, SetError, Error> change = change_of(id, patch);
    if (auto* const error = std::get_if<SetError>(&change)) return *error;
    if (auto* const error = std::get_if<Error>(&change)) return *error;
    const Result<store::Step> step = mailboxes().change(account_, {std::get<0>(change)});
    if (!step.ok()) return outcome_of(step.error());
    add(*step);
    return Json(nullptr);
  }

  bool update_together(const std::vector<Update>& updates) override {
    std::vector<store::MailboxChange> changes;
    for (const auto& [id, patch] : updates) {
      auto change = change_of(id, *patch);
      if (change.index() != 0) return false;
      changes.push_back(std::get<0>(std::move(change)));
    }
    const Result<store::Step> step = mailboxes().change(account_, changes);
    if (step.ok()) add(*step);
    return step.ok();
  }

  SetOutcome destroy(const std::string& id) override {
    const Result<store::MailboxTree> tree = mailboxes().tree(account_);
    if (!tree.ok()) return tree.error();
    const auto* const mailbox = find(*tree, id);
    if (mailbox == nullptr) return SetError{"notFound"};
    if (mailbox->id == store::kInbox) return SetError{"forbidden", "INBOX stays"};
    const bool has_child = std::any_of(tree->mailboxes.begin(), tree->mailboxes.end(), [&](const auto& each) { return each.record.parent == mailbox->id; });
    if (has_child) return SetError{"mailboxHasChild"};
    if (content_ == store::Mailboxes::Content::stays && mailbox->messages != 0) return SetError{"mailboxHasEmail"};
    const Result<store::Step> step = mailboxes().remove(account_, mailbox->id, content_);
    if (!step.ok() && step.error().kind == Errc::refused) return SetError{"mailboxHasEmail"};  // or a child: it came meanwhile
    if (!step.ok()) return outcome_of(step.error());
    add(*step);
    return Json(nullptr);
  }

  Steps steps;

 private:
  void add(const store::Step& step) { steps.add(step.before, step.after, step.is_whole); }
  store::Mailboxes& mailboxes() { return call_.context.store.mailboxes(); }

  static const schema::MailboxRecord* find(const store::MailboxTree& tree, const std::string& id) {
    const auto wanted = mailbox_from(id);
    const auto found = std::find_if(tree.mailboxes.begin(), tree.mailboxes.end(), [&](const auto& each) { return wanted == each.record.id; });
    return found == tree.mailboxes.end() ? nullptr : &found->record;
  }

  // What the store refuses of a mailbox that was read well (store/mailboxes.h says what each kind means there).
  static SetOutcome outcome_of(const Error& error) {
    const auto wrong = [&](const char* property) { return SetError{"invalidProperties", error.detail, {property}}; };
    if (error.kind == Errc::invalid || error.kind == Errc::exists) return wrong("name");
    if (error.kind == Errc::refused) return wrong("role");
    if (error.kind == Errc::too_large) return wrong("parentId");
    if (auto why = set_error_of(error)) return *std::move(why);
    return error;
  }

  // The parent's id; 0 is the top. None: there is no such mailbox, or not yet.
  std::optional<schema::MailboxId> parent_in(const Json& value) const {
    if (value.is_null()) return schema::MailboxId{0};
    if (!value.is_string()) return std::nullopt;
    const auto id = call_.created_ids.resolve(value.get_ref<const std::string&>());
    const auto parent = id ? mailbox_from(*id) : std::nullopt;
    if (!parent) return std::nullopt;
    const Result<store::MailboxTree> tree = call_.context.store.mailboxes().tree(account_);
    return tree.ok() && find(*tree, *id) != nullptr ? parent : std::nullopt;
  }

  // Every settable property that is there; gives the names of those that are wrong.
  std::vector<std::string> read(const Json& object, store::MailboxChange& into) const {
    std::vector<std::string> wrong;
    if (const auto name = object.find("name"); name != object.end()) {
      if (name->is_string()) into.name = name->get<std::string>();
      else wrong.push_back("name");
    }
    if (const auto parent = object.find("parentId"); parent != object.end()) {
      into.parent = parent_in(*parent);
      if (!into.parent) wrong.push_back("parentId");
    }
    if (const auto role = object.find("role"); role != object.end()) {
      into.role = role->is_string() ? role_from(role->get_ref<const std::string&>()) : std::nullopt;
      if (role->is_null()) into.role = schema::Role::none;
      if (!into.role) wrong.push_back("role");
    }
    if (const auto order = object.find("sortOrder"); order != object.end()) {
      const auto number = integer_in(*order);
      if (number && *number >= 0 && *number < kSortOrderEnd) into.sort_order = static_cast<std::uint32_t>(*number);
      else wrong.push_back("sortOrder");
    }
    if (const auto subscribed = object.find("isSubscribed"); subscribed != object.end()) {
      if (subscribed->is_boolean()) into.subscribed = subscribed->get<bool>();
      else wrong.push_back("isSubscribed");
    }
    return wrong;
  }

  Result<Json> current(const schema::MailboxRecord& mailbox, const Json& patch) {
    const bool wants_threads = patch.contains("totalThreads") || patch.contains("unreadThreads");
    if (!wants_threads) return to_json(mailbox, std::nullopt);
    TELEPOST_ASSIGN(const auto counts, count_threads(call_.context.store, account_, {mailbox.id}));
    return to_json(mailbox, counts.at(0));
  }

  std::variant<store::MailboxChange, SetError, Error> change_of(const std::string& id, const Json& patch) {
    const Result<store::MailboxTree> tree = mailboxes().tree(account_);
    if (!tree.ok()) return tree.error();
    const auto* const mailbox = find(*tree, id);
    if (mailbox == nullptr) return SetError{"notFound"};
    const Result<Json> was = current(*mailbox, patch);
    if (!was.ok()) return was.error();
    Json patched = *was;
    if (const auto applied = apply_patch(patched, patch, defaults()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    std::vector<std::string> wrong;
    Json changed = Json::object();
    for (const auto& [name, value] : patched.items()) {
      const auto old = was->find(name);
      if (old != was->end() && *old == value) continue;
      changed[name] = value;
      if (!is_settable(name)) wrong.push_back(name);
    }
    for (const auto& [name, value] : was->items()) {
      if (!patched.contains(name)) wrong.push_back(name);
    }
    store::MailboxChange change{mailbox->id};
    for (std::string& name : read(changed, change)) wrong.push_back(std::move(name));
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    const bool is_free = mailbox->id != store::kInbox || !(change.name || change.parent || change.role);
    if (!is_free) return SetError{"forbidden", "INBOX keeps its name, place and role"};
    return change;
  }

  Call& call_;
  const schema::AccountId account_;
  const store::Mailboxes::Content content_;
};

}  // namespace

MethodResult set_mailboxes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_ASSIGN(const bool removes, call.arguments.boolean_or("onDestroyRemoveEmails", false));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::MailboxTree tree, call.context.store.mailboxes().tree(account));
  if (set.if_in_state && *set.if_in_state != to_state(tree.modseq)) return MethodError{"stateMismatch"};
  MailboxVerbs verbs(call, account, removes ? store::Mailboxes::Content::goes : store::Mailboxes::Content::stays, tree.modseq);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  verbs.steps.put_into(response);
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
