"""Names of secrets in the spellings of people and frameworks."""

from __future__ import annotations

import json

from secret_corpus.visit import Route, Visit, of_json

_WORDS = """
password passwd passwort passphrase pwd pass secret client_secret token access_token refresh_token
id_token api_key apikey api_token auth auth_token authorization bearer_token cookie cookies session
session_id sessionid csrf csrf_token xsrf_token csrfmiddlewaretoken credential credentials
private_key signature ssn social_security_number card_number cardnumber credit_card
credit_card_number cvv cvc cvv2 jwt access_key aws_access_key_id aws_secret_access_key account_key
iban signing_key encryption_key secret_key secret_access_key connection_secret db_pwd db_password
master_password root_password user_password new_password old_password password_confirmation
password2 password_hash confirmPassword current_password webhook_secret totp_secret otp pin user_pin
card_pin login_otp device_token push_token bot_token personal_access_token oauth_token sas_token
pinCode otp_code securityCode mfa_code storageKey license_key
ssh_private_key service_account_key azure_account_key storage_account_key user_pass smtp_pass
"""
"""The documented names, alone and together with other words."""

_STYLES = """
userPassword UserPassword USER_PASSWORD user-password user.password user/password user:password
user__password userpassword _password password_ $password @password #password userSsn userSSN SSN
dbPwd DBPwd DB_PWD cardCvv CardCVV cvvCode CVV_code api__key API-KEY apiKey APIKey ApiKey api.key
api_key_ X-API-Key x-api-key xApiKey accessKey AccessKey accessToken AccessToken accountKey
AccountKey privateKey PrivateKey clientSecret ClientSecret refreshToken sessionId SessionID
sessionID creditCard CreditCard creditCardNumber cardNumber CardNumber card-number CARD_NO cardNo
cc_number ccNumber ibanNumber IBAN customerIban jwtToken JWT authJwt authToken AuthToken csrfToken
X-CSRF-Token X-XSRF-TOKEN _csrf_token _token __RequestVerificationToken userPin userOtp accountPass
smtpPass passwords tokens_list access_tokens accessTokens secrets api_keys apiKeys credentials_json
cookies[] password[] user[password] user[0][password] users[0].password data[attributes][password]
input.password $.password /user/password urn:user:password ns:password m:Password
soapenv:Password passwordConfirm passwordAgain PASSWORD pAssWord PassWord Password1 password_1
password-2 pwd1 thePassword myPasswordField fld_password_txt txtPassword strPassword sPassword
hPassword m_password ssnNumber ssn_last4 customer_ssn ssns cvvs cvcs ibans jwts otps pins
"""
"""The names in the styles of many languages, forms, templates and schemas."""

_SPACED = ["user password", "API Key", "Card Number", "Social Security Number", "Private key"]
"""The names as headings of tables and labels of forms."""

DISGUISED = {
    "full width": "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
    "one letter in full width": "\uff50assword",
    "Cyrillic a": "p\u0430ssword",
    "Cyrillic o": "passw\u043erd",
    "Cyrillic er and a": "\u0440\u0430ssword",
    "Cyrillic dze and ie": "\u0455\u0435cr\u0435t",
    "Cyrillic token": "t\u043ek\u0435n",
    "Cyrillic cookie": "\u0441\u043e\u043eki\u0435",
    "Cyrillic key": "\u0430\u0440i_k\u0435\u0443",
    "Cyrillic capitals": "\u0420\u0410SSWORD",
    "Greek o": "passw\u03bfrd",
    "Greek kappa": "to\u03baen",
    "Greek capital": "\u03a1ASSWORD",
    "mathematical bold": "".join(chr(0x1D41A + ord(letter) - ord("a")) for letter in "password"),
    "mathematical monospace": "\U0001d69d\U0001d698\U0001d694\U0001d68e\U0001d697",
    "circled": "\u24e2\u24d4\u24d2\u24e1\u24d4\u24e3",
    "accents": "p\u00e1ssw\u00f6rd",
    "combining accent": "pa\u0301ssword",
    "zero width space": "pass\u200bword",
    "soft hyphen": "pass\u00adword",
    "zero width joiner": "to\u200dken",
    "byte-order mark": "\ufeffpassword",
    "no-break space": "user\u00a0password",
    "long s": "pa\u017f\u017fword",
    "dotted capital I": "AP\u0130_KEY",
    "URL-escaped underscore": "api%5Fkey",
    "URL-escaped letter": "p%61ssword",
    "URL-escaped twice": "p%2561ssword",
    "URL-escaped brackets": "user%5Bpassword%5D",
    "HTML-escaped letter": "p&#97;ssword",
    "HTML-escaped hexadecimal letter": "p&#x61;ssword",
    "spaces around": " password ",
    "tab before": "\tpassword",
    "line end after": "password\n",
    "colon after": "password:",
    "double quotes": '"password"',
    "quotes": "'password'",
    "star": "password*",
    "question mark": "password?",
}
"""Spellings that people, or a lenient parser behind the app, read as the name."""

NAMES = [*_WORDS.split(), *_STYLES.split(), *_SPACED]


def routes() -> list[Route]:
    """Return a route for each spelling: a field of a JSON object."""
    return [
        *(_field(f"name {name}", name) for name in NAMES),
        *(_field(f"name, {kind}", name) for kind, name in DISGUISED.items()),
        *(_deep(f"name, {kind}, UTF-8, deep", name) for kind, name in DISGUISED.items()),
    ]


def _field(kind: str, name: str) -> Route:
    return of_json(kind, lambda secret: {"age": 37, name: secret})


def _deep(kind: str, name: str) -> Route:
    def visit(secret: str) -> Visit:
        body = {"rows": [{"age": 37, name: secret}]}
        return Visit(json.dumps(body, ensure_ascii=False).encode())

    return Route(kind, visit)
