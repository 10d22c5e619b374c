"""Pages of the trading room."""

from django.urls import path

from trading import views_desk, views_device, views_enrol, views_limits, views_orders

app_name = "trading"
urlpatterns = [
    path("", views_desk.desk_page, name="desk"),
    path("kill/", views_desk.kill, name="kill"),
    path("lift/", views_desk.lift, name="lift"),
    path("stop/", views_desk.stop, name="stop"),
    path("mode/", views_desk.mode, name="mode"),
    path("arm/", views_desk.arm, name="arm"),
    path("disarm/", views_desk.disarm, name="disarm"),
    path("limits/", views_limits.limits, name="limits"),
    path("enrol/", views_enrol.enrol, name="enrol"),
    path("device/", views_device.device, name="device"),
    path("recovery/", views_device.recovery, name="recovery"),
    path("code/", views_device.code, name="code"),
    path("log-out-everywhere/", views_device.log_out_everywhere, name="log-out-everywhere"),
    path("orders/<int:order_id>/cancel/", views_orders.cancel, name="cancel"),
    path("orders/<int:order_id>/settle/", views_orders.settle, name="settle"),
]
