#include "domain/account.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum Account::Refusal;

namespace {

Account::Register registration() {
    return {.user_id = ana,
            .username = "ana",
            .email = "ana@example.org",
            .full_name = "Ana Lopes",
            .password_hash = "$2b$12$hash",
            .role = Role::user,
            .email_owner = {},
            .username_owner = {}};
}

const AccountRegistered registered{ana,        "ana", "ana@example.org", "Ana Lopes", "$2b$12$hash",
                                   Role::user, noon};

Outcome<Account> registering(const Account::Register& command) {
    return Given<Account>({}).when(command, as({}));
}

}  // namespace

TEST_CASE("registering records the account") { registering(registration()).then({registered}); }

TEST_CASE("registering keeps the role that was given") {
    auto command = registration();
    command.role = Role::admin;
    auto expected = registered;
    expected.role = Role::admin;
    registering(command).then({expected});
    CHECK(Given<Account>({expected}).state().role == Role::admin);
}

TEST_CASE("registering the same account again is refused") {
    Given<Account>({registered}).when(registration(), as({})).then_refused(already_registered);
}

TEST_CASE("an e-mail that somebody has is taken") {
    auto command = registration();
    command.email_owner = ben;
    registering(command).then_refused(email_taken);
}

TEST_CASE("a username that somebody has is taken") {
    auto command = registration();
    command.username_owner = ben;
    registering(command).then_refused(username_taken);
}

TEST_CASE("when both are taken the e-mail is named") {
    auto command = registration();
    command.email_owner = ben;
    command.username_owner = cem;
    registering(command).then_refused(email_taken);
}

TEST_CASE("registering refuses a username or an e-mail that is none") {
    auto command = registration();
    command.username = "a b";
    registering(command).then_refused(username_invalid);
    command = registration();
    command.email = "ana";
    registering(command).then_refused(email_invalid);
}

TEST_CASE("an account registered twice is no history") {
    CHECK_THROWS_AS(Given<Account>({registered, registered}), std::logic_error);
}

TEST_CASE("a username has 3 to 32 plain characters") {
    CHECK(username_is_valid("ana"));
    CHECK(username_is_valid("Ana_B.9-x"));
    CHECK(username_is_valid(std::string(32, 'a')));
    CHECK_FALSE(username_is_valid("an"));
    CHECK_FALSE(username_is_valid(std::string(33, 'a')));
    CHECK_FALSE(username_is_valid("ana b"));
    CHECK_FALSE(username_is_valid("ana@b"));
    CHECK_FALSE(username_is_valid("zoé"));
    CHECK_FALSE(username_is_valid(""));
}

TEST_CASE("an e-mail address is one that mail is sent to") {
    for (const auto* good :
         {"ana@example.org", "a.b+c@sub.example.co", "O'Neil_1@ex-ample.fr", "a@b.xn--p1ai"}) {
        CAPTURE(good);
        CHECK(email_is_valid(good));
    }
    for (const auto* bad : {"", "ana", "@example.org", "ana@", "ana@localhost", "a@b@example.org",
                            ".a@example.org", "a.@example.org", "a..b@example.org", "a b@example.org",
                            "ana@example..org", "ana@.org", "ana@-a.org", "ana@a-.org", "ana@example.org.",
                            "ana@127.0.0.1", "ana@exa_mple.org", "zoé@example.org", "\"a\"@example.org"}) {
        CAPTURE(bad);
        CHECK_FALSE(email_is_valid(bad));
    }
}

TEST_CASE("an e-mail address has at most 254 bytes and 64 before the at sign") {
    CHECK(email_is_valid(std::string(64, 'a') + "@example.org"));
    CHECK_FALSE(email_is_valid(std::string(65, 'a') + "@example.org"));
    const std::string label(63, 'd');
    const auto labels = label + '.' + label + '.' + label;  // 191 bytes
    CHECK(email_is_valid(std::string(58, 'a') + '@' + labels + ".fr" + 'a'));
    CHECK_FALSE(email_is_valid(std::string(59, 'a') + '@' + labels + ".fr" + 'a'));
    CHECK_FALSE(email_is_valid("ana@" + label + "d.org"));
}

TEST_CASE("a password has at least 8 characters and at most 72 bytes") {
    CHECK(password_is_weak("1234567"));
    CHECK_FALSE(password_is_weak("12345678"));
    CHECK(password_is_weak("ééééééé"));  // seven characters in fourteen bytes
    CHECK_FALSE(password_is_weak("éééééééé"));
    CHECK_FALSE(password_is_too_long(std::string(72, 'p')));
    CHECK(password_is_too_long(std::string(73, 'p')));
}

TEST_CASE("a username is derived from the words of a name") {
    CHECK(derived_username("Ana Lopes", 0) == "ana.lopes");
    CHECK(derived_username("  Zoé   Le-Goff ", 0) == "zoe.le.goff");
    CHECK(derived_username("Seán O'Neil", 0) == "sean.oneil");
    CHECK(derived_username("Ele\u0301na K.", 0) == "elena.k");  // the accent as a mark of its own
    CHECK(derived_username("Łukasz Žižek Ægir Œuvre Straße", 0) == "lukasz.zizek.aegir.oeuvre.strass");
    CHECK(derived_username("DJ 3000", 0) == "dj.3000");
}

TEST_CASE("a name that gives no username still gets one") {
    CHECK(derived_username("", 0) == "user");
    CHECK(derived_username("Мария", 0) == "user");
    CHECK(derived_username("🎸", 1) == "user2");
    CHECK(derived_username("Li", 0) == "user.li");
}

TEST_CASE("further attempts number the username and stay within its length") {
    CHECK(derived_username("Ana Lopes", 1) == "ana.lopes2");
    CHECK(derived_username("Ana Lopes", 2) == "ana.lopes3");
    const std::string name(40, 'x');
    CHECK(derived_username(name, 0) == std::string(32, 'x'));
    CHECK(derived_username(name, 9) == std::string(30, 'x') + "10");
    CHECK(derived_username(std::string(31, 'x') + " yz", 0) == std::string(31, 'x'));  // no dot at the end
    for (unsigned attempt : {0U, 1U, 99U, 4'294'967'295U}) {
        CHECK(username_is_valid(derived_username("Élodie de la Fontaine du Puits d'Or", attempt)));
        CHECK(username_is_valid(derived_username("é", attempt)));
    }
}

TEST_CASE("changing the password records the new hash") {
    const AccountPasswordChanged changed{ana, "$2b$12$new", noon + 1h};
    Given<Account>({registered})
        .when(Account::ChangePassword{1, "$2b$12$new"}, as(ana, noon + 1h))
        .then({changed});
    CHECK(Given<Account>({registered, changed}).state().password_hash == "$2b$12$new");
}

TEST_CASE("a proof of an older password changes nothing, and one of the same under another hash does") {
    Given<Account>({registered, AccountPasswordChanged{ana, "$2b$12$new", noon}})
        .when(Account::ChangePassword{1, "$2b$12$other"}, as(ana))
        .then_refused(password_changed_meanwhile);
    Given<Account>({registered, AccountPasswordRehashed{ana, "$2b$13$hash", noon}})
        .when(Account::ChangePassword{1, "$2b$13$other"}, as(ana))
        .then({AccountPasswordChanged{ana, "$2b$13$other", noon}});
}

TEST_CASE("nobody changes the password of another, or of no account") {
    const Account::ChangePassword change{1, "$2b$12$new"};
    Given<Account>({registered}).when(change, as(ben)).then_refused(unknown_account);
    Given<Account>({registered}).when(change, as_admin(ben)).then_refused(unknown_account);
    Given<Account>({}).when(change, as(ana)).then_refused(unknown_account);
    CHECK_THROWS_AS(Given<Account>({AccountPasswordChanged{ana, "$2b$12$new", noon}}), std::logic_error);
}

TEST_CASE("a password that was proved is hashed anew at a higher cost, by whoever logs in with it") {
    const AccountPasswordRehashed rehashed{ana, "$2b$13$again", noon + 1h};
    Given<Account>({registered})
        .when(Account::RehashPassword{1, "$2b$13$again"}, by_clock(noon + 1h))
        .then({rehashed});
    CHECK(Given<Account>({registered, rehashed}).state().password_hash == "$2b$13$again");
}

TEST_CASE("a hash of the same cost, of a lower one or of an unknown scheme is not recorded in its place") {
    for (const char* hash : {"$2b$12$again", "$2b$04$again", "$2b$9", "$argon2id$v=19$m=1", "*0", ""}) {
        CAPTURE(hash);
        Given<Account>({registered}).when(Account::RehashPassword{1, hash}, as(ana)).then_nothing();
    }
    // Twice at once: the second one finds it done.
    Given<Account>({registered, AccountPasswordRehashed{ana, "$2b$13$again", noon}})
        .when(Account::RehashPassword{1, "$2b$13$too"}, as(ana))
        .then_nothing();
}

TEST_CASE("a password that was changed meanwhile is not replaced by another hash of the old one") {
    Given<Account>({registered, AccountPasswordChanged{ana, "$2b$12$new", noon}})
        .when(Account::RehashPassword{1, "$2b$13$again"}, as(ana))
        .then_nothing();
    Given<Account>({})
        .when(Account::RehashPassword{0, "$2b$13$again"}, as(ana))
        .then_refused(unknown_account);
    CHECK_THROWS_AS(Given<Account>({AccountPasswordRehashed{ana, "$2b$13$x", noon}}), std::logic_error);
}

TEST_CASE("what a hash cost is read from its own text") {
    CHECK(password_cost_of("$2b$04$x") == 4);
    CHECK(password_cost_of("$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW") == 12);
    for (const char* other :
         {"", "$2b$", "$2b$1", "$2b$12", "$2b$1x$", "$2a$12$x", "$2y$12$x", "*0", "plain"})
        CHECK_FALSE(password_cost_of(other).has_value());
}
