"""A Django project in one file, with a model, tapped by one line."""

import json
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

import modeltap


def predict(request: HttpRequest) -> JsonResponse:
    flight = json.loads(request.body)
    return JsonResponse({"prediction": 20 + flight["distance"] / 8})


urlpatterns = [path("predict", predict)]
settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "for this example only"),
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
)

application = modeltap.watch(get_wsgi_application(), model="flights")
